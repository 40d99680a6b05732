"""Which version of the data is being served: read once, then kept up to date by the database's own notifications."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import msgspec
import structlog
from sqlalchemy import func, select

from app.datasets import DATASETS, EXPECTED
from app.db.contents import contents_of
from app.db.database import Database, PoolExhausted
from app.db.failures import DATABASE_FAILURES
from app.db.identity_models import IdentityDecision
from app.db.models import LoadedDataset
from app.db.statements import compile_statement

log = structlog.get_logger(__name__)

CHANNEL = "dataset_changed"
HEARTBEAT_SECONDS = 20.0
#: Seconds until a lost connection is made again, at first and in the end.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
#: What pages and cards say of people also depends on decisions that change no row.
_VERSIONS = compile_statement(select(LoadedDataset, select(func.max(IdentityDecision.decided_at)).scalar_subquery().label("decided_at")))


class DatasetVersion(msgspec.Struct, frozen=True):
    """The versions of all data sets at one moment; ``tag`` is the one string that people read.

    ``identity`` tells data apart that have the same version: versions begin at 1 again in every new database. Whatever is kept, here or
    in a browser, is kept under the identity. ``contents`` does the same for each data set that has rows.
    """

    tag: str
    identity: str
    versions: dict[str, int]
    rows: dict[str, int]
    synthetic: bool
    updated_at: str | None = None
    contents: dict[str, str] = msgspec.field(default_factory=dict)

    def file_name(self, name: str) -> str:
        """Return the name of a download of these data; it says if they are made up."""
        return f"synthetic-{name}" if self.synthetic else name


def _version_of(rows: list[asyncpg.Record]) -> DatasetVersion:
    versions = {str(row["dataset"]): int(row["version"]) for row in rows}
    updated = max((row["updated_at"] for row in rows), default=None)
    tag = ".".join(str(versions.get(name, 0)) for name in DATASETS if name in versions or name in EXPECTED)
    contents = sorted(
        (str(row["dataset"]), int(row["version"]), str(row["checksum"]), *map(str, (row["updated_at"], row["decided_at"]))) for row in rows
    )
    return DatasetVersion(
        tag=tag,
        identity=f"{tag}-{hashlib.blake2b(repr(contents).encode(), digest_size=5).hexdigest()}",
        versions=versions,
        rows={str(row["dataset"]): int(row["row_count"]) for row in rows},
        synthetic=any(row["synthetic"] for row in rows),
        updated_at=updated.isoformat() if updated else None,
        contents=contents_of(rows),
    )


async def read_version(database: Database) -> DatasetVersion:
    """Ask the database.

    Raises:
        DatabaseUnavailable: it did not respond.
    """
    return _version_of(await database.fetch(_VERSIONS))


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
        #: Set when the next version becomes the current one, which has an event of its own.
        self.news = asyncio.Event()
        #: What was current when the database was last heard of, and when that was.
        self._last: tuple[DatasetVersion, float] | None = None

    def last_known(self) -> tuple[DatasetVersion, float] | None:
        """Return what was current when the database was last heard of, and how many seconds ago that was.

        None after the notice of a change whose version could not be read any more: what was current before it is known to be old.
        """
        return None if self._last is None else (self._last[0], time.monotonic() - self._last[1])

    def is_current(self, identity: str) -> bool:
        """Tell whether the data of this identity are known to be the current ones."""
        return self.known is not None and self.known.identity == identity

    def on_change(self, listener: Callable[[DatasetVersion], None]) -> None:
        """Call ``listener`` with every version that becomes the current one."""
        self._listeners.append(listener)

    async def current(self) -> DatasetVersion:
        """Return the version in memory, or else read it from the database."""
        return self.known or await read_version(self._database)

    async def wait_until_known(self, seconds: float) -> bool:
        """Wait until notifications are received, at most that long, and return whether they are."""
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
            except Exception as error:  # whatever it is, without this task nothing is cached any more
                expected = isinstance(error, DATABASE_FAILURES)
                if self._known.is_set():  # this connection had been good
                    pause = SHORTEST_PAUSE
                elif expected and not isinstance(error, PoolExhausted):
                    self.away = True
                reason = str(error) or type(error).__name__
                log.warning("dataset notifications lost", error=reason, retry_in_seconds=pause, exc_info=None if expected else error)
            finally:
                self.known = None
                self._known.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _listen(self) -> None:
        """Listen on one connection until it ends.

        Raises:
            ConnectionError: it has ended; or what the driver raised when it could not be made.
        """
        async with self._database.connection() as connection:
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
                # the next user must not get a connection that listens: closing it is the shortest way to forget its listeners
                connection.remove_termination_listener(self._on_close)
                connection.terminate()

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
        """Wait for a notification, or until it is time to check the connection."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), HEARTBEAT_SECONDS)

    def _publish(self, version: DatasetVersion) -> None:
        self._last = version, time.monotonic()
        self.away = False
        if version == self.known:
            return  # a heartbeat: what is kept stays good
        self.known = version
        self._known.set()
        self.news.set()
        self.news = asyncio.Event()
        for listener in self._listeners:
            listener(version)
