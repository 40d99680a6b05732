"""Reading: the one place that takes the driver's own connection from the engine, and reports an unreachable database in our words.

A read of 50 rows takes 0.12 ms of this process over the driver's connection, 0.2 ms over ``engine.connect()`` and 0.5 ms through a
session; COPY and LISTEN exist in the driver alone. Borrowing the connection costs 0.03 ms, as much as from the driver's own pool.

The engine's pool lets newcomers overtake those that wait: with 32 tasks on 8 connections, one task waited for all of the two seconds
that the measurement took. ``Database.turn`` hands the connections out in order of arrival; then the longest wait was 0.13 s, with the
driver's pool 0.15 s (SQLAlchemy 2.1, asyncpg 0.32; docs/decisions/0016-one-engine.md).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar, cast

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException

from app.db.failures import DATABASE_FAILURES, connection_lost
from app.db.schema_version import HOW_TO_MIGRATE
from app.errors import DraftQueenError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import QueuePool

    from app.db.statements import Statement

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

#: Seconds a request waits for a free connection before it gets a 503.
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

#: Errors of the driver when the server is unavailable, starting, stopping, full, or lost during a statement.
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

#: Errors of SQLAlchemy that carry one of the driver's.
WRAPPED: Final = (DBAPIError, EmulatedDBAPIException)

#: Errors when the migrations have not run yet, or newer ones have.
_OTHER_SCHEMA = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


class CopyStyle(NamedTuple):
    """How COPY writes its lines: CSV with these characters."""

    header: bool
    delimiter: str = ","
    quote: str = '"'


class DatabaseUnavailable(DraftQueenError):
    """The database cannot be reached, or did not respond in time; the same request may succeed a little later."""

    status = 503
    resource = "database"


class SchemaMismatch(DatabaseUnavailable):
    """The database has another schema than this code needs, as it may for a moment while an update is rolled out."""


class StatementTooSlow(DatabaseUnavailable):
    """The statement was cancelled by its time limit."""


class TooManyStreams(DatabaseUnavailable):
    """As many exports are running as may at a time."""


class PoolExhausted(TimeoutError):
    """Requests hold every connection of the pool; the database may be healthy."""


@asynccontextmanager
async def translated_errors(kinds: tuple[type[Exception], ...] = (*DATABASE_FAILURES, *WRAPPED)) -> AsyncIterator[None]:
    """Turn the driver's errors of an absent server into ``DatabaseUnavailable``."""
    try:
        yield
    except kinds as error:
        translated = _translated(error.driver_exception if isinstance(error, WRAPPED) else error)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception) -> DatabaseUnavailable | None:
    """Map a driver error to DatabaseUnavailable; None if it is our bug."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return StatementTooSlow("The database did not respond in time.")
    if isinstance(error, _OTHER_SCHEMA):
        return SchemaMismatch("The database schema does not match this version.", f"To update it, {HOW_TO_MIGRATE}.")
    unreachable = isinstance(error, _UNREACHABLE) or connection_lost(error)
    return DatabaseUnavailable("The database cannot be reached.") if unreachable else None


class Database:
    """Runs compiled statements on connections of the engine, each in autocommit, on its own connection."""

    __slots__ = ("_streams", "_turns", "engine")

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._turns = asyncio.Semaphore(self.pool.size())
        self._streams = asyncio.Semaphore(max(1, self.pool.size() // STREAM_SHARE))

    @property
    def pool(self) -> QueuePool:
        """The connections of the engine, to count them."""
        return cast("QueuePool", self.engine.pool)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a free connection in order of arrival, and count one as taken for the length of the block.

        Raises:
            PoolExhausted: all of them stayed in use.
        """
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT if self._turns.locked() else None):
                await self._turns.acquire()
        except TimeoutError as error:
            raise PoolExhausted("every connection of the pool is in use") from error
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow one of the engine's connections as the driver has it.

        Raises:
            PoolExhausted: all of them stayed in use.
            OSError, asyncpg.PostgresError: a new one could not be made.
        """
        async with self.turn():
            try:
                proxied = await self.engine.raw_connection()
            except WRAPPED as error:  # the engine's first connection and the others are wrapped in different ones
                raise error.driver_exception from None
            connection: Connection = cast("Connection", proxied.driver_connection)
            try:
                yield connection
            except (asyncio.CancelledError, TimeoutError):
                connection.terminate()  # its statement may still be running
                raise
            finally:
                if not connection.is_closed() and connection.is_in_transaction():
                    connection.terminate()  # the server rolls back
                proxied.close()

    async def fetch(self, statement: Statement, values: Mapping[str, object] = _NOTHING) -> list[asyncpg.Record]:
        """Return all rows of a read.

        A connection that turns out to be dead is replaced, so a restarted server costs no request.

        Raises:
            DatabaseUnavailable: no connection, or no response within the time limit.
        """
        arguments = statement.arguments(values)
        return await self.read(lambda connection: connection.fetch(statement.sql, *arguments))

    async def read(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        """Return what ``ask`` reads over a connection; it is asked again when that turns out to be dead.

        Raises:
            DatabaseUnavailable: no connection, or no response within the time limit.
        """
        async with translated_errors():
            for pause in TRY_AGAIN_AFTER:
                try:
                    async with self.connection() as connection:
                        return await ask(connection)
                except DATABASE_FAILURES as error:
                    if not connection_lost(error):
                        raise
                    # what ended this connection has ended the others too; a moment later they are known to be closed and are replaced
                    await asyncio.sleep(pause)
            async with self.connection() as connection:
                return await ask(connection)

    async def fetch_row(self, statement: Statement, values: Mapping[str, object] = _NOTHING) -> asyncpg.Record | None:
        """Return the first row of a read, or None."""
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
            self.connection() as connection,
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
            async with asyncio.timeout(STREAM_WAIT):
                await self._streams.acquire()
        except TimeoutError as error:
            raise TooManyStreams("Too many exports are running.") from error
        try:
            yield
        finally:
            self._streams.release()
