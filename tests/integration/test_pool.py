from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import text

from app.context import ServiceContext
from app.db.database import Database, DatabaseUnavailable, PoolExhausted, StatementTooSlow
from app.db.engine import create_engine
from app.db.schema_version import head, read_version
from app.db.session import transaction
from app.health.queries import PING
from tests.support.waiting import PATIENCE
from tools.embedded import EmbeddedPostgres
from tools.embedded_keeper import processes_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

#: What the server says to a session before it ends it (an ErrorResponse: fields of a letter and a text each).
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORDS = b"E" + (4 + len(_FIELDS)).to_bytes(4, "big") + _FIELDS


@asynccontextmanager
async def opened(dsn: str, *, max_size: int, statement_timeout: float = 15.0) -> AsyncIterator[Database]:
    engine = create_engine(dsn, max_size=max_size, application_name="draft-queen test", statement_timeout=statement_timeout)
    try:
        yield Database(engine)
    finally:
        await engine.dispose()


async def ask(database: Database, sql: str, *arguments: object) -> object:
    """The first value of a statement, over a connection that is given back."""
    async with database.connection() as connection:
        return await connection.fetchval(sql, *arguments)


def size(database: Database) -> int:
    return database.pool.checkedin() + database.pool.checkedout()


async def test_sessions_carry_our_name_and_limits(database: str) -> None:
    async with opened(database, max_size=2, statement_timeout=1.5) as reader:
        for name, value in {
            "application_name": "draft-queen test",
            "statement_timeout": "1500ms",
            "idle_in_transaction_session_timeout": "1min",
            "jit": "off",
            "TimeZone": "UTC",
        }.items():
            assert await ask(reader, "select current_setting($1)", name) == value


async def test_slow_statement_ends_and_the_connection_lives_on(database: str) -> None:
    async with opened(database, max_size=1, statement_timeout=1) as reader:
        process = await ask(reader, "select pg_backend_pid()")
        with pytest.raises(asyncpg.QueryCanceledError, match="statement timeout"):
            await ask(reader, "select pg_sleep(600)")
        assert await ask(reader, "select pg_backend_pid()") == process


async def test_size_is_the_limit_and_nobody_starves(database: str) -> None:
    async with opened(database, max_size=4) as reader:
        assert size(reader) == 0, "connections are made when they are needed"
        processes = await asyncio.gather(*(ask(reader, "select pg_backend_pid() from pg_sleep(0.01)") for _ in range(100)))
        assert len(processes) == 100
        assert len(set(processes)) <= 4
        assert size(reader) <= 4


async def test_connections_are_given_in_the_order_in_which_they_were_asked_for(database: str) -> None:
    """A pool that lets newcomers overtake has single waiters time out under load."""
    got: list[str] = []

    async def wait(reader: Database) -> None:
        await ask(reader, "select 1")
        got.append("waiter")

    async with opened(database, max_size=1) as reader:
        async with reader.connection():
            waiter = asyncio.create_task(wait(reader))
            await asyncio.sleep(0)
        for _ in range(5):  # no await between giving the connection back and asking again
            async with reader.connection() as connection:
                await connection.fetchval("select 1")
                got.append("newcomer")
        await waiter
    assert got == ["waiter", *["newcomer"] * 5]


async def test_no_connection_in_time_is_reported_as_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.database.ACQUIRE_TIMEOUT", 0.01)
    async with opened(database, max_size=1) as reader:
        async with reader.connection():
            with pytest.raises(DatabaseUnavailable) as caught:
                await reader.fetch(PING)
            assert isinstance(caught.value.__cause__, PoolExhausted)
        assert await reader.fetch(PING)


async def test_a_session_reports_a_full_pool_and_a_silent_server_as_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.database.ACQUIRE_TIMEOUT", 0.01)
    monkeypatch.setattr("app.db.engine.GRACE_SECONDS", -0.8)
    async with opened(database, max_size=1, statement_timeout=1) as reader:
        async with reader.connection():
            with pytest.raises(DatabaseUnavailable):
                async with transaction(reader):
                    pass
        with pytest.raises(StatementTooSlow):
            async with transaction(reader) as session:
                await session.execute(text("select pg_sleep(600)"))
        with pytest.raises(TimeoutError, match="of the block"):
            async with transaction(reader):
                raise TimeoutError("of the block")
        assert await reader.fetch(PING)


async def test_open_transaction_is_rolled_back_on_release(database: str) -> None:
    async with opened(database, max_size=1) as reader:
        async with reader.connection() as connection:
            await connection.execute("begin")
            await connection.execute("create table left_open ()")
        assert await ask(reader, "select to_regclass('left_open')") is None


async def test_release_costs_no_round_trip(database: str) -> None:
    """A setting of the session survives: the price of saving a statement per request, and why nothing may be set."""
    async with opened(database, max_size=1) as reader:
        await ask(reader, "set work_mem = '5MB'")
        assert await ask(reader, "show work_mem") == "5MB"


async def test_opens_without_a_server_and_recovers(session_folder: Path) -> None:
    folder = session_folder / f"pool-{os.getpid()}"
    server = EmbeddedPostgres(folder, {"shared_buffers": "16MB"})
    dsn = server.start()
    server.stop()
    async with opened(dsn, max_size=2) as reader:
        with pytest.raises(OSError, match=r"No such file|refused"):
            await ask(reader, "select 1")
        await asyncio.to_thread(server.start)
        try:
            assert await ask(reader, "select 1") == 1
            for process in processes_of(server.directory / "cluster"):
                with suppress(ProcessLookupError):  # the others end with the first
                    os.kill(process, signal.SIGKILL)
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        assert await ask(reader, "select 1") == 1
                        break
                    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        await asyncio.sleep(0.05)
        finally:
            await asyncio.to_thread(server.stop)


async def test_revision_is_known_without_alembic(database: str, server: object) -> None:
    async with opened(database, max_size=1) as reader:
        assert (await reader.read(read_version)).revision == head()
        await ask(reader, "drop table alembic_version")
        assert (await reader.read(read_version)).revision is None


async def test_no_read_fails_when_all_sessions_are_ended(database: str) -> None:
    """As an operator does after a leaked password; a second try must not meet a connection that has ended with the first."""
    ended = asyncio.Event()
    turns = [0] * 8

    async def read(number: int, reader: Database) -> None:
        while not ended.is_set():
            await reader.fetch(PING)
            assert (await reader.read(read_version)).revision == head()
            turns[number] += 1

    async def everybody_reads() -> None:
        before = list(turns)
        while not ended.is_set() and min(now - then for now, then in zip(turns, before, strict=True)) < 5:  # noqa: ASYNC110 - five turns
            await asyncio.sleep(0.01)

    operator = await asyncpg.connect(database)
    try:
        async with opened(database, max_size=8) as reader:
            reads = [asyncio.create_task(read(number, reader)) for number in range(8)]
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
    async with opened(database, max_size=1) as reader:
        async with reader.connection() as connection:
            ending = connection.get_server_pid()
            connection._protocol.data_received(LAST_WORDS)  # type: ignore[attr-defined]
            assert not connection.is_closed()
        async with ServiceContext.following(reader.engine) as context:
            assert await context.dataset.wait_until_known(PATIENCE)
        assert await ask(reader, "select pg_backend_pid()") != ending
