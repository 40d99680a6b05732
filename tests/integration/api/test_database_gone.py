"""The database goes away and comes back: 503 with Retry-After meanwhile, and no hand is needed afterwards."""

from __future__ import annotations

import asyncio
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import text

from cli.migrations.migrate import upgrade
from tests.conftest import UNSAFE_AND_FAST, run_apart
from tests.integration.api.conftest import serve
from tests.support.waiting import until
from tools.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.integration.api.conftest import Api

ADDRESSES = ("/api/v1/draft-picks", "/api/v1/people/1", "/api/v1/franchises", "/api/v1/etl/runs", "/api/v1/combine?format=csv")


@pytest.fixture
def own_server(session_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server that this test may stop."""
    folder = session_folder / f"gone-{time.monotonic_ns()}"
    postgres = EmbeddedPostgres(folder, UNSAFE_AND_FAST)
    yield postgres
    postgres.stop()
    shutil.rmtree(postgres.directory, ignore_errors=True)


def assert_unavailable(api: Api, address: str) -> None:
    response = api.get(address, headers={"cache-control": "no-cache"})
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0
    assert "Traceback" not in response.text
    assert "asyncpg" not in response.text


def wait_for(api: Api, address: str, status: int) -> None:
    def answer() -> httpx.Response:
        return api.get(address, headers={"cache-control": "no-cache"})

    until(lambda: answer().status_code == status, lambda: answer().text)


def is_running(dsn: str, statement: str) -> bool:
    """Whether the server is at work on it."""

    async def look() -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            return bool(await connection.fetchval("select exists (select from pg_stat_activity where query = $1)", statement))
        finally:
            await connection.close()

    return asyncio.run(look())


def test_gone_and_back(own_server: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = own_server.start()
    run_apart(lambda: upgrade(dsn))
    with serve(dsn, tmp_path) as api:
        assert api.get("/health/ready").json()["status"] == "ready"
        assert api.get("/api/v1/draft-picks").status_code == 200
        own_server.stop()
        for address in ADDRESSES:
            assert_unavailable(api, address)
        ready = api.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"]["ok"] is False
        assert api.get("/health").json() == {"status": "ok"}
        assert api.get("/metrics").status_code == 200
        own_server.start()
        wait_for(api, "/api/v1/draft-picks", 200)
        wait_for(api, "/health/ready", 200)
        for address in ADDRESSES:
            assert api.get(address).status_code in (200, 404)


def test_gone_in_the_middle_of_a_request(own_server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement is running when the server is shut down."""
    from app.db.statements import Statement
    from app.franchises import service

    dsn = own_server.start()
    run_apart(lambda: upgrade(dsn))
    monkeypatch.setattr(service, "COUNTS", Statement(text("select pg_sleep(600)")))
    with serve(dsn, tmp_path, statement_timeout=600) as api, ThreadPoolExecutor(1) as executor:
        asking = executor.submit(assert_unavailable, api, "/api/v1/franchises")
        until(lambda: is_running(dsn, "select pg_sleep(600)"), lambda: "the statement does not run")
        own_server.stop()
        asking.result()
        monkeypatch.undo()
        own_server.start()
        wait_for(api, "/api/v1/franchises", 200)


def test_a_server_that_is_not_there_yet(own_server: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = own_server.start()
    run_apart(lambda: upgrade(dsn))
    own_server.stop()
    with serve(dsn, tmp_path) as api:
        assert_unavailable(api, "/api/v1/draft-picks")
        own_server.start()
        wait_for(api, "/api/v1/draft-picks", 200)


def test_a_statement_that_takes_too_long(own_server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.db.statements import Statement
    from app.franchises import service

    dsn = own_server.start()
    run_apart(lambda: upgrade(dsn))
    monkeypatch.setattr(service, "COUNTS", Statement(text("select pg_sleep(600)")))
    with serve(dsn, tmp_path, statement_timeout=1) as api:
        assert_unavailable(api, "/api/v1/franchises")
