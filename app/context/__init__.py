"""What every service function needs, in one object: the database, the version being served and the reference tables."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

from app.context.dataset_state import DatasetState
from app.context.references import load_references
from app.db.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

    from app.context.dataset_state import DatasetVersion
    from app.context.references import References


class ServiceContext:
    """First argument of every service function. Cheap to make: ``ServiceContext(pool)``."""

    __slots__ = ("_lock", "_references", "_references_identity", "database", "dataset")

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.database = Database(pool)
        self.dataset = DatasetState(self.database)
        self._references: References | None = None
        self._references_identity = ""
        self._lock = asyncio.Lock()

    async def version(self) -> DatasetVersion:
        """The version of the data that is being served."""
        return await self.dataset.current()

    async def references(self, version: DatasetVersion) -> References:
        """The reference tables as of ``version``, read again only when it has changed."""
        if self._references is None or self._references_identity != version.identity:
            async with self._lock:
                if self._references is None or self._references_identity != version.identity:
                    self._references = await load_references(self.database)
                    self._references_identity = version.identity
        return self._references

    @classmethod
    @asynccontextmanager
    async def following(cls, pool: asyncpg.Pool) -> AsyncIterator[Self]:
        """A context that follows the database's notifications for as long as it is open."""
        context = cls(pool)
        follower = asyncio.create_task(context.dataset.follow(), name="follow dataset changes")
        try:
            await context.dataset.wait_until_known(5.0)
            yield context
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
