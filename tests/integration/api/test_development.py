"""In development every request runs its handler, so that it meets a breakpoint: nothing is answered from memory or with a 304."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

#: What a browser sends when a page is opened again.
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "upgrade-insecure-requests": "1"}


@pytest.fixture(scope="module", params=[True, False], ids=["hot reload", "RELOAD=0"])
def api(
    request: pytest.FixtureRequest, server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("development")
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, folder, league_exports, environment="development", reload=request.param) as served:
        yield served


def results(api: Api) -> dict[str, float]:
    """How often the cache did what."""
    lines = [line for line in api.get("/metrics").text.splitlines() if line.startswith("dq_http_cache_total{")]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in lines}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/draft-picks?limit=3",
        "/api/v1/people/1",
        "/api/v1/franchises",
        "/people/1",
        "/classes/2020",
        "/search?q=a",
        "/static/css/app.css",
        "/docs/static/page.css",
        "/api/v1/exports/combine.csv",
    ],
)
def test_the_handler_runs_each_time(api: Api, path: str) -> None:
    first = api.get(path, headers=BROWSER)
    tag = first.headers["etag"]
    for held in (tag, f'"other", {tag}', "*"):
        again = api.get(path, headers={**BROWSER, "if-none-match": held})
        assert (again.status_code, again.content) == (200, first.content)
    found = results(api)
    assert "hit" not in found
    assert "not_modified" not in found
    assert "dq_http_cache_entries 0.0" in api.get("/metrics").text
