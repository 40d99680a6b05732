from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from app.context import ServiceContext
from app.db.database import Database
from app.db.pool import create_pool
from app.db.schema_version import head, read_version
from app.health.queries import PING
from tests.support.waiting import PATIENCE
from tools.embedded import EmbeddedPostgres
from tools.embedded_keeper import processes_of

pytestmark = pytest.mark.anyio

#: What the server says to a session before it ends it (an ErrorResponse: fields of a letter and a text each).
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORDS = b"E" + (4 + len(_FIELDS)).to_bytes(4, "big") + _FIELDS


async def test_sessions_carry_our_name_and_limits(database: str) -> None:
    async with await create_pool(database, max_size=2, application_name="draft-queen test", statement_timeout=1.5) as pool:
        for name, value in {
            "application_name": "draft-queen test",
            "statement_timeout": "1500ms",
            "idle_in_transaction_session_timeout": "1min",
            "jit": "off",
            "TimeZone": "UTC",
        }.items():
            assert await pool.fetchval("select current_setting($1)", name) == value


async def test_slow_statement_ends_and_the_connection_lives_on(database: str) -> None:
    async with await create_pool(database, max_size=1, statement_timeout=1) as pool:
        process = await pool.fetchval("select pg_backend_pid()")
        with pytest.raises(asyncpg.QueryCanceledError, match="statement timeout"):
            await pool.fetchval("select pg_sleep(600)")
        assert await pool.fetchval("select pg_backend_pid()") == process


async def test_size_is_the_limit_and_nobody_starves(database: str) -> None:
    async with await create_pool(database, max_size=4) as pool:
        assert pool.get_size() == 0, "connections are made when they are needed"
        processes = await asyncio.gather(*(pool.fetchval("select pg_backend_pid() from pg_sleep(0.01)") for _ in range(100)))
        assert len(processes) == 100
        assert len(set(processes)) <= 4
        assert pool.get_size() <= 4


async def test_open_transaction_is_rolled_back_on_release(database: str) -> None:
    async with await create_pool(database, max_size=1) as pool:
        connection = await pool.acquire()
        await connection.execute("begin")
        await connection.execute("create table left_open ()")
        await pool.release(connection)
        assert await pool.fetchval("select to_regclass('left_open')") is None


async def test_release_costs_no_round_trip(database: str) -> None:
    """A setting of the session survives: the price of saving a statement per request, and why nothing may be set."""
    async with await create_pool(database, max_size=1) as pool:
        await pool.execute("set work_mem = '5MB'")
        assert await pool.fetchval("show work_mem") == "5MB"


async def test_opens_without_a_server_and_recovers(session_folder: Path) -> None:
    folder = session_folder / f"pool-{os.getpid()}"
    server = EmbeddedPostgres(folder, {"shared_buffers": "16MB"})
    dsn = server.start()
    server.stop()
    async with await create_pool(dsn, max_size=2) as pool:
        with pytest.raises(OSError, match=r"No such file|refused"):
            await pool.fetchval("select 1")
        await asyncio.to_thread(server.start)
        try:
            assert await pool.fetchval("select 1") == 1
            for process in processes_of(server.directory / "cluster"):
                with suppress(ProcessLookupError):  # the others end with the first
                    os.kill(process, signal.SIGKILL)
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        assert await pool.fetchval("select 1") == 1
                        break
                    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        await asyncio.sleep(0.05)
        finally:
            await asyncio.to_thread(server.stop)


async def test_revision_is_known_without_alembic(database: str, server: object) -> None:
    async with await create_pool(database, max_size=1) as pool:
        assert (await read_version(pool)).revision == head()
        await pool.execute("drop table alembic_version")
        assert (await read_version(pool)).revision is None


async def test_no_read_fails_when_all_sessions_are_ended(database: str) -> None:
    """As an operator does after a leaked password; a second try must not meet a connection that has ended with the first."""
    ended = asyncio.Event()
    turns = [0] * 8

    async def read(number: int, reader: Database) -> None:
        while not ended.is_set():
            await reader.fetch(PING)
            assert (await reader.read(lambda: read_version(reader.pool))).revision == head()
            turns[number] += 1

    async def everybody_reads() -> None:
        before = list(turns)
        while not ended.is_set() and min(now - then for now, then in zip(turns, before, strict=True)) < 5:  # noqa: ASYNC110 - five turns
            await asyncio.sleep(0.01)

    operator = await asyncpg.connect(database)
    try:
        async with await create_pool(database, max_size=8) as pool:
            reads = [asyncio.create_task(read(number, Database(pool))) for number in range(8)]
            for each in reads:
                each.add_done_callback(lambda _: ended.set())  # one that failed is told at the end
            for _ in range(4):
                await everybody_reads()
                await operator.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                )
            await everybody_reads()
            ended.set()
            await asyncio.gather(*reads)
    finally:
        await operator.close()


async def test_changes_are_followed_although_the_first_connection_is_ending(database: str) -> None:
    """All sessions are ended: on an idle connection the last words have arrived, the end has not. The driver counts it as open."""
    async with await create_pool(database, max_size=1) as pool:
        async with pool.acquire() as connection:
            ending = connection.get_server_pid()
            connection._con._protocol.data_received(LAST_WORDS)  # type: ignore[attr-defined]
            assert not connection.is_closed()
        async with ServiceContext.following(pool) as context:
            assert await context.dataset.wait_until_known(PATIENCE)
        assert await pool.fetchval("select pg_backend_pid()") != ending
