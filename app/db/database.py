"""Reading: one place that runs statements on the pool and says in our own words when the database cannot be reached."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import asyncpg

from app.db.failures import DATABASE_FAILURES, connection_lost
from app.db.schema_version import HOW_TO_MIGRATE
from app.errors import DraftQueenError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence

    from app.db.statements import Statement

#: Seconds a request waits for a free connection before it is told to come back later.
ACQUIRE_TIMEOUT = 5.0
#: Seconds one export may run; a client that reads more slowly than that is cut off.
STREAM_TIMEOUT = 600
#: Seconds an export waits until another one has finished.
STREAM_WAIT = 2.0
#: One connection in so many may be held by exports: slow readers must not take them all.
STREAM_SHARE = 4
#: Seconds between the tries of a read whose connection is lost.
TRY_AGAIN_AFTER = (0.0, 0.02, 0.08, 0.3)
T = TypeVar("T")
_NOTHING: Mapping[str, object] = {}

#: What the driver raises when the server is away, starting, stopping, full, or gone in the middle of a statement.
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that is being changed
    asyncpg.InternalClientError,
)

#: What it says when the migrations have not run yet, or newer ones have.
_OTHER_SCHEMA = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


class CopyStyle(NamedTuple):
    """How COPY writes its lines: CSV with these characters."""

    header: bool
    delimiter: str = ","
    quote: str = '"'


class DatabaseUnavailable(DraftQueenError):
    """The database cannot be reached, or did not answer in time; the same request may succeed a little later."""

    status = 503


class SchemaMismatch(DatabaseUnavailable):
    """The database has another schema than this code needs, as it may for a moment while an update is rolled out."""


class StatementTooSlow(DatabaseUnavailable):
    """The statement was cancelled by its time limit."""


class TooManyStreams(DatabaseUnavailable):
    """As many exports are running as may at a time."""


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Turn the driver's errors of an absent server into ``DatabaseUnavailable``."""
    try:
        yield
    except DATABASE_FAILURES as error:
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception) -> DatabaseUnavailable | None:
    """The error in our words; nothing for one that is a defect of ours."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return StatementTooSlow("The database did not respond in time.")
    if isinstance(error, _OTHER_SCHEMA):
        return SchemaMismatch(f"The database schema does not match this version: {HOW_TO_MIGRATE}.")
    unreachable = isinstance(error, _UNREACHABLE) or connection_lost(error)
    return DatabaseUnavailable("The database cannot be reached.") if unreachable else None


class Database:
    """Runs compiled statements on a pool, each in autocommit, on its own connection."""

    __slots__ = ("_streams", "pool")

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._streams = asyncio.Semaphore(max(1, pool.get_max_size() // STREAM_SHARE))

    async def fetch(self, statement: Statement, values: Mapping[str, object] = _NOTHING) -> list[asyncpg.Record]:
        """All rows of a read.

        A connection that turns out to be dead is replaced, so a restarted server costs no request.

        Raises:
            DatabaseUnavailable: no connection, or no answer within the time limit.
        """
        arguments = statement.arguments(values)
        return await self.read(lambda: self._fetch(statement.sql, arguments))

    async def read(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` reads through the pool, asked again when its connection turns out to be dead.

        Raises:
            DatabaseUnavailable: no connection, or no answer within the time limit.
        """
        async with translated_errors():
            for pause in TRY_AGAIN_AFTER:
                try:
                    return await ask()
                except DATABASE_FAILURES as error:
                    if not connection_lost(error):
                        raise
                    # what ended this connection has ended the others too; a moment later the pool has seen it and opens new ones
                    await asyncio.sleep(pause)
            return await ask()

    async def _fetch(self, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        connection = await self.pool.acquire(timeout=ACQUIRE_TIMEOUT)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        finally:
            await self.pool.release(connection)
        return rows

    async def fetch_row(self, statement: Statement, values: Mapping[str, object] = _NOTHING) -> asyncpg.Record | None:
        """The first row of a read, or nothing."""
        rows = await self.fetch(statement, values)
        return rows[0] if rows else None

    async def copy_out(
        self,
        statement: Statement,
        values: Mapping[str, object],
        sink: Callable[[bytes], Coroutine[None, None, None]],
        style: CopyStyle,
    ) -> None:
        """Send the rows of a read to ``sink`` in COPY's CSV format, as fast as the sink takes them and no faster.

        Raises:
            DatabaseUnavailable: no connection, or it was lost on the way.
            TooManyStreams: other exports hold their share of the connections, and did not finish within a short wait.
        """
        async with (
            self._stream_slot(),
            translated_errors(),
            self.pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection,
            connection.transaction(readonly=True),
            asyncio.timeout(STREAM_TIMEOUT),
        ):
            await connection.execute(f"set local statement_timeout = '{STREAM_TIMEOUT}s'")
            await connection.copy_from_query(
                statement.sql,
                *statement.arguments(values),
                output=sink,
                timeout=STREAM_TIMEOUT,
                format="csv",
                header=style.header,
                delimiter=style.delimiter,
                quote=style.quote,
            )

    @asynccontextmanager
    async def _stream_slot(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._streams.acquire(), STREAM_WAIT)
        except TimeoutError as error:
            raise TooManyStreams("Too many exports are running.") from error
        try:
            yield
        finally:
            self._streams.release()
