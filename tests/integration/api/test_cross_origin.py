"""Front ends on other origins: preflights, and responses that come from the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

ONE, TWO, STRANGER = "https://one.example", "http://localhost:3000", "https://stranger.example"
PATH = "/api/v1/draft-picks?limit=3"
ALLOWED = "access-control-allow-origin"


@pytest.fixture(scope="module")
def open_api(server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API for two front ends."""
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, tmp_path_factory.mktemp("open"), league_exports, allowed_origins=(ONE, TWO)) as api:
        yield api


def preflight(api: Api, origin: str, headers: str = "if-none-match", method: str = "GET") -> httpx.Response:
    asked = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}
    return api.options(PATH, headers=asked)


@pytest.mark.parametrize("origin", [ONE, TWO])
def test_a_preflight_of_an_allowed_origin(open_api: Api, origin: str) -> None:
    response = preflight(open_api, origin)
    assert response.status_code == 200
    assert response.headers[ALLOWED] == origin
    assert "GET" in response.headers["access-control-allow-methods"]
    assert "If-None-Match" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers
    assert response.headers["x-request-id"]
    assert response.headers["x-release"]


def test_a_preflight_of_another_origin_or_for_something_else_is_refused(open_api: Api) -> None:
    assert preflight(open_api, STRANGER).status_code == 400
    assert ALLOWED not in preflight(open_api, STRANGER).headers
    assert preflight(open_api, ONE, method="DELETE").status_code == 400
    assert preflight(open_api, ONE, headers="x-unknown").status_code == 400


@pytest.mark.parametrize(("origin", "status"), [(ONE, 200), (STRANGER, 400)])
def test_a_preflight_has_the_headers_of_other_responses(open_api: Api, origin: str, status: int) -> None:
    response = preflight(open_api, origin)
    assert (response.status_code, response.headers.get_list("x-content-type-options")) == (status, ["nosniff"])


@pytest.mark.parametrize("path", [PATH, "/api/v1/draft-picks?sort=x", "/api/v1/nothing"])
def test_each_header_is_sent_once(open_api: Api, path: str) -> None:
    for _ in range(2):
        headers = open_api.get(path, headers={"origin": ONE}).headers
        assert (headers.get_list("x-content-type-options"), headers.get_list(ALLOWED)) == (["nosniff"], [ONE])


def test_without_the_setting_nothing_is_allowed(league_api: Api) -> None:
    assert preflight(league_api, ONE).status_code == 405
    for response in (preflight(league_api, ONE), league_api.get(PATH, headers={"origin": ONE}), league_api.get(PATH)):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert "Origin" not in response.headers.get("vary", "")


@pytest.mark.anyio
async def test_a_cached_response_is_for_the_origin_that_sent_the_request(league: str, league_exports: Path, tmp_path: Path) -> None:
    """Whichever was first. The server is this test's own: pytest gives older ones an access log, and then they take no short cut."""
    with serve(league, tmp_path, league_exports, allowed_origins=(ONE, TWO)) as api:
        for origin in (ONE, TWO, None, STRANGER, ONE, None, TWO):
            response = api.get(PATH, headers={"origin": origin} if origin else {})
            assert response.status_code == 200
            assert response.headers.get_list(ALLOWED) == ([origin] if origin in (ONE, TWO) else [])
            assert {part.strip() for part in response.headers["vary"].split(",")} == {"Accept", "Origin"}
        metrics = api.get("/metrics").text
        assert "dq_http_cache_entries 1.0" in metrics
        assert 'dq_http_cache_total{result="hit"} 6.0' in metrics


def test_an_unchanged_response_may_be_read_as_well(open_api: Api) -> None:
    tag = open_api.get(PATH).headers["etag"]
    response = open_api.get(PATH, headers={"origin": ONE, "if-none-match": tag})
    assert (response.status_code, response.headers[ALLOWED]) == (304, ONE)
    assert ALLOWED not in open_api.get(PATH, headers={"origin": STRANGER, "if-none-match": tag}).headers


@pytest.mark.parametrize("path", ["/api/v1/draft-picks?sort=x", "/api/v1/people/0", "/api/v1/draft-picks?format=csv", "/health/ready"])
def test_errors_and_streams_may_be_read_as_well(open_api: Api, path: str) -> None:
    response = open_api.get(path, headers={"origin": ONE})
    assert response.headers[ALLOWED] == ONE
    readable = {name.strip() for name in response.headers["access-control-expose-headers"].split(",")}
    assert {"ETag", "X-Request-ID", "X-Release"} <= readable


def test_a_star_allows_every_origin(server: Server, league_dsn: str, league_exports: Path, tmp_path: Path) -> None:
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, tmp_path, league_exports, allowed_origins=("*",)) as api:
        assert preflight(api, STRANGER).headers[ALLOWED] == "*"
        for _ in range(2):
            assert api.get(PATH, headers={"origin": STRANGER}).headers[ALLOWED] == "*"
