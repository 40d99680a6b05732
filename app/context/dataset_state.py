"""Which version of the data is being served: read once, then kept up to date by the database's own notifications."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import msgspec
import structlog
from sqlalchemy import select

from app.datasets import DATASETS, EXPECTED
from app.db.database import ACQUIRE_TIMEOUT
from app.db.failures import DATABASE_FAILURES
from app.db.statements import compile_statement
from app.db.tables import dataset

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncpg.pool import PoolConnectionProxy

    from app.db.database import Database

log = structlog.get_logger(__name__)

CHANNEL = "dataset_changed"
HEARTBEAT_SECONDS = 20.0
#: Seconds until a lost connection is made again, at first and in the end.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
_VERSIONS = compile_statement(
    select(dataset.c.dataset, dataset.c.version, dataset.c.row_count, dataset.c.synthetic, dataset.c.checksum, dataset.c.updated_at)
)


class DatasetVersion(msgspec.Struct, frozen=True):
    """The versions of all data sets at one moment; ``tag`` is the one string that people read.

    ``identity`` tells data apart that have the same version: versions begin at 1 again in every new database. Whatever is kept, here or
    in a browser, is kept under the identity.
    """

    tag: str
    identity: str
    versions: dict[str, int]
    rows: dict[str, int]
    synthetic: bool
    updated_at: str | None = None

    def file_name(self, name: str) -> str:
        """What a download of these data is called: made-up data say so, wherever the file is passed on to."""
        return f"synthetic-{name}" if self.synthetic else name


def _version_of(rows: list[asyncpg.Record]) -> DatasetVersion:
    versions = {str(row["dataset"]): int(row["version"]) for row in rows}
    updated = max((row["updated_at"] for row in rows), default=None)
    tag = ".".join(str(versions.get(name, 0)) for name in DATASETS if name in versions or name in EXPECTED)
    contents = sorted((str(row["dataset"]), int(row["version"]), str(row["checksum"]), row["updated_at"].isoformat()) for row in rows)
    return DatasetVersion(
        tag=tag,
        identity=f"{tag}-{hashlib.blake2b(repr(contents).encode(), digest_size=5).hexdigest()}",
        versions=versions,
        rows={str(row["dataset"]): int(row["row_count"]) for row in rows},
        synthetic=any(row["synthetic"] for row in rows),
        updated_at=updated.isoformat() if updated else None,
    )


async def read_version(database: Database) -> DatasetVersion:
    """Ask the database.

    Raises:
        DatabaseUnavailable: it did not answer.
    """
    return _version_of(await database.fetch(_VERSIONS))


class PoolExhausted(TimeoutError):
    """Requests hold every connection of the pool, which says nothing about the database."""


class DatasetState:
    """The current version as long as notifications arrive, ``None`` while they do not: nothing is cached under an unknown version.

    ``away`` is True while the database cannot be reached: the last attempt to connect has failed. Waiting in vain for a connection of a
    full pool is not such an attempt: the connections in use show that the database responds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Callable[[DatasetVersion], None]] = []
        self._wake = asyncio.Event()
        self._known = asyncio.Event()
        self.known: DatasetVersion | None = None
        self.away = False
        #: What was current when the database was last heard of, and when that was.
        self._last: tuple[DatasetVersion, float] | None = None

    def last_known(self) -> tuple[DatasetVersion, float] | None:
        """Return what was current when the database was last heard of, and how many seconds ago that was.

        None after the notice of a change whose version could not be read any more: what was current before it is known to be old.
        """
        return None if self._last is None else (self._last[0], time.monotonic() - self._last[1])

    def on_change(self, listener: Callable[[DatasetVersion], None]) -> None:
        """Call ``listener`` with every version that becomes the current one."""
        self._listeners.append(listener)

    async def current(self) -> DatasetVersion:
        """The version in memory, or else the database's answer."""
        return self.known or await read_version(self._database)

    async def wait_until_known(self, seconds: float) -> bool:
        """Whether notifications are being listened to, waiting at most that long for it."""
        try:
            await asyncio.wait_for(self._known.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def follow(self) -> None:
        """Listen until cancelled; a lost connection is made again, with pauses that grow to five seconds while that does not help."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                await self._listen()
            except DATABASE_FAILURES as error:
                if self._known.is_set():  # this connection had been good
                    pause = SHORTEST_PAUSE
                elif not isinstance(error, PoolExhausted):
                    self.away = True
                log.warning("dataset notifications lost", error=str(error) or type(error).__name__, retry_in_seconds=pause)
            finally:
                self.known = None
                self._known.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _acquire(self) -> PoolConnectionProxy[asyncpg.Record]:
        """Get a connection from the pool.

        Raises:
            PoolExhausted: all of them stayed in use.
        """
        pool = self._database.pool
        try:
            return await pool.acquire(timeout=ACQUIRE_TIMEOUT)
        except TimeoutError as error:
            if pool.get_size() < pool.get_max_size():  # there was room for another connection: the server did not respond
                raise
            raise PoolExhausted("every connection of the pool is in use") from error

    async def _listen(self) -> None:
        """One connection's life.

        Raises:
            ConnectionError: it has ended; or what the driver raised when it could not be made.
        """
        connection = await self._acquire()
        try:
            connection.add_termination_listener(self._on_close)
            await connection.add_listener(CHANNEL, self._on_change)
            while not connection.is_closed():
                self._wake.clear()
                version = _version_of(await connection.fetch(_VERSIONS.sql, timeout=5.0))
                if not self._wake.is_set():
                    self._publish(version)
                await self._wait_for_news()
            raise ConnectionError("the database closed the connection")
        finally:
            self.known = None
            # a connection that listened is not given back: closing it is the shortest way to forget its listeners
            with suppress(asyncpg.InterfaceError):  # it was lost, and the pool has forgotten it already
                connection.remove_termination_listener(self._on_close)
                connection.terminate()
            await self._database.pool.release(connection)

    def _on_change(self, *_: object) -> None:
        # a load has committed: the version is unknown until it has been read
        self.known = self._last = None
        self._wake.set()

    def _on_close(self, *_: object) -> None:
        # that the server closes the connection is the last that is heard of it
        self.known = None
        if self._last is not None:
            self._last = self._last[0], time.monotonic()
        self._wake.set()

    async def _wait_for_news(self) -> None:
        """Until a notification, or until it is time to see whether the connection still lives."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), HEARTBEAT_SECONDS)

    def _publish(self, version: DatasetVersion) -> None:
        self._last = version, time.monotonic()
        self.away = False
        if version == self.known:
            return  # a heartbeat: what is kept stays good
        self.known = version
        self._known.set()
        for listener in self._listeners:
            listener(version)
