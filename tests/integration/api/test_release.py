"""Another release of the code over the same data: what clients hold of the old one is not good any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

PAGE, LIST, EXPORT = "/people/1", "/api/v1/draft-picks?limit=3", "/api/v1/exports/combine.csv"
STATIC = ("/static/css/app.css", "/docs/static/page.css")
Release = Callable[[str], AbstractContextManager[Api]]


@pytest.fixture
def release(league: str, league_exports: Path, tmp_path: Path) -> Release:
    """Serve the same data as this release."""
    return lambda name: serve(league, tmp_path, league_exports, release=name)


@pytest.mark.parametrize("path", [PAGE, LIST, EXPORT])
@pytest.mark.anyio
async def test_a_deploy_and_a_rollback_are_seen_at_once(release: Release, path: str) -> None:
    with release("old") as api:
        before = api.get(path)
    held = {"if-none-match": before.headers["etag"]}
    with release("new") as api:
        after = api.get(path, headers=held)
        again = api.get(path, headers={"if-none-match": after.headers["etag"]})
    with release("old") as api:
        back = api.get(path, headers={"if-none-match": after.headers["etag"]})
        unchanged = api.get(path, headers=held)
    assert [each.status_code for each in (before, after, again, back, unchanged)] == [200, 200, 304, 200, 304]
    assert [each.headers["x-release"] for each in (before, after, again, back, unchanged)] == ["old", "new", "new", "old", "old"]
    assert back.headers["etag"] == before.headers["etag"] != after.headers["etag"]


@pytest.fixture(scope="module")
def named(server: Server, league_dsn: str, league_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The release `1a2b3c`."""
    assert league_dsn
    with server.new("league") as dsn, serve(dsn, tmp_path_factory.mktemp("named"), league_exports, release="1a2b3c") as api:
        yield api


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", LIST, 200),
        ("HEAD", LIST, 200),
        ("POST", LIST, 405),
        ("GET", "/api/v1/draft-picks?format=csv", 200),
        ("GET", "/api/v1/draft-picks?sort=x", 422),
        ("GET", "/api/v1/people/2147483647", 404),
        ("GET", "/", 200),
        ("GET", PAGE, 200),
        ("GET", "/nothing", 404),
        ("GET", EXPORT, 200),
        ("GET", "/docs", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/health", 200),
        ("GET", STATIC[0], 200),
        ("GET", "/classes", 303),
    ],
)
def test_every_response_names_the_release_once(named: Api, method: str, path: str, status: int) -> None:
    for _ in range(2):  # the second one may come from the cache
        response = named.request(method, path)
        assert response.status_code == status
        assert response.headers.get_list("x-release") == ["1a2b3c"]


def test_readiness_names_the_release(named: Api) -> None:
    assert named.get("/health/ready").json()["release"] == "1a2b3c"


@pytest.mark.parametrize("path", STATIC)
def test_a_static_files_tag_is_its_content(named: Api, path: str) -> None:
    """Such a file may be the same in two releases, and then need not be fetched again."""
    first = named.get(path)
    assert named.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert named.get(path, headers={"if-none-match": '"0-123"'}).status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    fingerprint = first.headers["etag"].strip('"')
    assert "immutable" in named.get(f"{path}?v={fingerprint}").headers["cache-control"]
    assert named.get(f"{path}?v=other").headers["cache-control"] == "no-cache"
