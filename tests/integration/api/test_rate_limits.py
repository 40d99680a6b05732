"""Expensive requests are limited for each client; everything else is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

STREAM = "/api/v1/draft-picks?format=csv&limit=1&season=1999"


@pytest.fixture(scope="module")
def api(server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Two requests of each kind in a minute; each test comes from addresses of its own."""
    assert league_dsn
    limits = {"streams_per_minute": 2, "exports_per_minute": 2, "searches_per_minute": 2}
    with server.new("league") as dsn, serve(dsn, tmp_path_factory.mktemp("limited"), league_exports, **limits) as api:
        yield api


def statuses(api: Api, path: str, *headers: dict[str, str]) -> list[int]:
    return [api.get(path, headers=each).status_code for each in headers]


def address(last: int) -> dict[str, str]:
    """The server trusts its own machine, as it trusts the proxy in production."""
    return {"x-forwarded-for": f"192.0.2.{last}"}


def test_a_third_stream_is_refused_with_the_time_to_wait(api: Api) -> None:
    ours = address(1)
    assert statuses(api, STREAM, ours, ours) == [200, 200]
    refused = api.get("/api/v1/combine", headers={**ours, "accept": "text/csv", "x-request-id": "mine"})
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    seconds = int(refused.headers["retry-after"])
    assert 0 < seconds <= 120
    assert refused.headers["ratelimit-policy"] == '"streams";q=2;w=60'
    assert refused.headers["ratelimit"] == f'"streams";r=0;t={seconds}'
    assert refused.headers["cache-control"] == "no-store"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": f"Only 2 requests of this kind (streams) are allowed in a minute. Try again in {seconds} s.",
        "instance": "/api/v1/combine",
        "request_id": "mine",
    }
    assert 'dq_http_rate_limited_total{kind="streams"} 1.0' in api.get("/metrics").text
    assert statuses(api, STREAM, address(2)) == [200], "another address"
    assert statuses(api, STREAM.replace("format", "form%61t"), ours) == [429], "the same parameter, written differently"
    assert statuses(api, "/api/v1/combine?limit=1", *[ours] * 3) == [200] * 3, "a page is not a stream"


def test_tokens(api: Api) -> None:
    invented = [{**address(3), "authorization": f"Bearer {number}"} for number in range(3)]
    assert statuses(api, STREAM, *invented) == [200, 200, 429]
    moving = [{**address(number), "authorization": "Bearer one"} for number in (4, 5, 6)]
    assert statuses(api, STREAM, *moving) == [200, 200, 429]


def test_searches_of_api_and_pages_count_together_and_cached_ones_do_not(api: Api) -> None:
    ours = {**address(7), "accept": "text/html"}
    search = "/api/v1/people?q=a&limit=1"
    assert statuses(api, search, *[address(7)] * 3) == [200] * 3
    assert statuses(api, "/search?q=b", ours, ours) == [200, 429]
    page = api.get("/search?q=b", headers=ours)
    assert page.headers["content-type"].startswith("text/html")
    assert "Too Many Requests" in page.text
    assert statuses(api, "/search/suggestions?q=b", ours) == [429]


def test_exports(api: Api) -> None:
    assert statuses(api, "/api/v1/exports/combine.csv", *[address(8)] * 3) == [200, 200, 429]
    assert statuses(api, "/api/v1/exports", *[address(8)] * 3) == [200] * 3


def test_the_document_says_where_limits_apply(api: Api) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    limited = {path for path, operations in paths.items() if "429" in operations.get("get", {}).get("responses", {})}
    assert {"/api/v1/draft-picks", "/api/v1/people", "/api/v1/exports/{file}", "/api/v1/changes", "/api/v1/trades"} <= limited
    assert not limited & {"/api/v1/people/{person_id}", "/api/v1/exports", "/api/v1/franchises", "/health"}
