"""One load at a time, in all processes that share a database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from pipeline.errors import AlreadyRunning

#: The key of the session advisory lock; any number does, as long as nothing else in this database uses it.
LOAD_LOCK_KEY = 0x6472_6166_7471


@asynccontextmanager
async def load_lock(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the load lock on this connection; PostgreSQL gives it back by itself when the process dies.

    Raises ``AlreadyRunning`` at once when another session holds it.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1)", LOAD_LOCK_KEY):
        raise AlreadyRunning
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOAD_LOCK_KEY)
