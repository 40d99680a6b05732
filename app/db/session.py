"""Writing: sessions of the engine, and the one place that commits them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.database import WRAPPED, Database, translated_errors


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[AsyncSession]:
    """Open a session; commit its changes at the end of the block, or roll all of them back when something is raised in it.

    The code in the block may flush and never commits.

    Raises:
        DatabaseUnavailable: no connection, or it was lost; none of the changes is known to be stored.
    """
    async with AsyncExitStack() as stack:
        async with translated_errors():
            await stack.enter_async_context(database.turn())
            session = await stack.enter_async_context(AsyncSession(database.engine, expire_on_commit=False))
            await session.connection()
        # from here on an OSError is not the database's: it comes from the code of the block (the engine reports the driver's time limit)
        async with translated_errors(WRAPPED):
            yield session
            await session.commit()
