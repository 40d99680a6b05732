"""While the database is away, what was current when it was last heard of is served for a limited time, and says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.migrations.migrate import upgrade
from tests.conftest import UNSAFE_AND_FAST, run_apart
from tests.integration.api.conftest import Api, serve
from tests.support.waiting import until
from tools.embedded import EmbeddedPostgres

CACHED, OTHER = "/api/v1/draft-picks?limit=3", "/api/v1/draft-picks?limit=4"
MARK = "cache-status"


@pytest.fixture
def postgres(session_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server that a test may stop, with an empty schema."""
    server = EmbeddedPostgres(session_folder / f"stale-{time.monotonic_ns()}", UNSAFE_AND_FAST)
    dsn = server.start()
    run_apart(lambda: upgrade(dsn))
    yield server
    server.stop()


def cached(api: Api) -> httpx.Response:
    """The response, once it comes from the cache."""
    until(lambda: "etag" in api.get(CACHED).headers, lambda: "changes are not followed")
    response = api.get(CACHED)
    assert (response.status_code, MARK in response.headers) == (200, False)
    return response


def stale_count(api: Api) -> float:
    name = 'dq_http_cache_total{result="stale"} '
    return next((float(line.removeprefix(name)) for line in api.get("/metrics").text.splitlines() if line.startswith(name)), 0)


def until_marked(api: Api) -> httpx.Response:
    """The response that is served once the loss of the database has been noticed."""
    found = api.get(CACHED)

    def marked() -> bool:
        nonlocal found
        found = api.get(CACHED)
        assert found.status_code == 200, found.text
        return MARK in found.headers

    until(marked, lambda: "the loss was never noticed")
    return found


def test_what_is_in_memory_is_served_and_marked(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with serve(postgres.dsn, tmp_path) as api:
        before = cached(api)
        postgres.stop()
        stale = until_marked(api)
        assert (stale.content, stale.headers["etag"]) == (before.content, before.headers["etag"])
        assert stale.headers[MARK].startswith("draft-queen; hit; ttl=-")
        assert stale.headers["x-request-id"]
        for held in (before.headers["etag"], "*"):
            unchanged = api.get(CACHED, headers={"if-none-match": held})
            assert (unchanged.status_code, MARK in unchanged.headers) == (304, True)
        assert stale_count(api) >= 2
        # what is not in memory, and what is asked for anew, cannot be served
        assert api.get(OTHER).status_code == 503
        assert api.get(CACHED, headers={"cache-control": "no-cache"}).status_code == 503
        assert api.get("/health/ready").status_code == 503
        postgres.start()
        until(lambda: MARK not in api.get(CACHED).headers, lambda: "still stale")
        until(lambda: "etag" in api.get(CACHED).headers, lambda: "never followed again")
        assert api.get(OTHER).status_code == 200


def test_it_ends_after_the_time_in_the_settings(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with serve(postgres.dsn, tmp_path, stale_seconds=2.0) as api:
        cached(api)
        postgres.stop()
        until_marked(api)
        until(lambda: api.get(CACHED).status_code == 503, lambda: "it is served indefinitely", seconds=60)


def test_it_can_be_switched_off(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with serve(postgres.dsn, tmp_path, stale_seconds=0.0) as api:
        cached(api)
        postgres.stop()
        until(lambda: api.get(CACHED).status_code == 503, lambda: "it is served all the same")
        assert stale_count(api) == 0
