"""The API refuses large bodies itself, as the proxy in front of it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from app.http.body_size import BODY_TOO_LARGE, MOST_BODY_BYTES
from tests.integration.api.conftest import Api

CALCULATOR = "/api/v1/trade-calculator"
TRADE = b'{"gave": ["1"], "received": ["2"]}'


def in_chunks(body: bytes) -> Iterator[bytes]:
    """A body without a Content-Length."""
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(("body", "status"), [(TRADE.ljust(MOST_BODY_BYTES), 200), (TRADE.ljust(MOST_BODY_BYTES + 1), 413)])
def test_a_body_may_have_64_kilobytes(league_api: Api, body: bytes, status: int) -> None:
    for content in (body, in_chunks(body)):
        response = league_api.post(CALCULATOR, content=content, headers={"content-type": "application/json"})
        assert response.status_code == status, response.text
        if status == 413:
            said = response.json()
            assert (response.headers["content-type"], said["title"]) == ("application/problem+json", "Content Too Large")
            assert said["detail"] == BODY_TOO_LARGE
            assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing", CALCULATOR.upper()])
def test_a_large_body_that_no_endpoint_reads_is_refused_by_its_length(league_api: Api, path: str) -> None:
    response = league_api.post(path, content=b"x" * (MOST_BODY_BYTES + 1))
    assert (response.status_code, response.json()["detail"]) == (413, BODY_TOO_LARGE)
    without_length = league_api.post(path, content=in_chunks(b"x" * (MOST_BODY_BYTES + 1)))
    assert (without_length.status_code, without_length.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/v1/draft-picks?format=csv", "/api/v1/exports/combine.csv", "/static/css/app.css"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_body_of_a_read_does_not_disturb_the_response(league_api: Api, method: str, path: str) -> None:
    with capture_logs() as logged:
        response = league_api.request(method, path, content=in_chunks(b"x" * 5 * MOST_BODY_BYTES))
        plain = league_api.request(method, path)
    assert (response.status_code, response.content) == (200, plain.content)
    assert not logged


def test_a_browser_gets_a_page(league_api: Api) -> None:
    response = league_api.post("/nothing", content=b"x" * (MOST_BODY_BYTES + 1), headers={"accept": "text/html"})
    assert (response.status_code, "Request too large" in response.text) == (413, True)
