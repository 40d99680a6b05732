"""What every service function needs, in one object: the database, the version being served and the reference tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from app.context.dataset_state import DatasetState, DatasetVersion
from app.context.references import References, load_references
from app.db.database import Database


class ServiceContext:
    """First argument of every service function. Cheap to make: ``ServiceContext(engine)``.

    Every function that takes one raises ``DatabaseUnavailable`` when the database does not respond, and ``InvalidParameter`` for an
    invalid parameter.
    """

    __slots__ = ("_lock", "_references", "_references_identity", "database", "dataset")

    def __init__(self, engine: AsyncEngine) -> None:
        self.database = Database(engine)
        self.dataset = DatasetState(self.database)
        self._references: References | None = None
        self._references_identity = ""
        self._lock = asyncio.Lock()

    async def version(self) -> DatasetVersion:
        """Return the version of the data being served."""
        return await self.dataset.current()

    async def references(self, version: DatasetVersion) -> References:
        """Return the reference tables as of ``version``, read again only if it has changed."""
        if self._references is None or self._references_identity != version.identity:
            async with self._lock:
                if self._references is None or self._references_identity != version.identity:
                    self._references = await load_references(self.database)
                    self._references_identity = version.identity
        return self._references

    @classmethod
    @asynccontextmanager
    async def following(cls, engine: AsyncEngine) -> AsyncIterator[Self]:
        """Yield a context that follows the database's notifications while it is open."""
        context = cls(engine)
        follower = asyncio.create_task(context.dataset.follow(), name="follow dataset changes")
        try:
            await context.dataset.wait_until_known(5.0)
            yield context
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
