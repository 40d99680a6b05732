"""One load at a time, in all processes that share a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from pipeline.errors import AlreadyRunning

#: The key of the session advisory lock; any number does, as long as nothing else in this database uses it.
LOAD_LOCK_KEY = 0x6472_6166_7471

_POLL_SECONDS = 0.5


@asynccontextmanager
async def load_lock(connection: asyncpg.Connection, wait_seconds: float = 0) -> AsyncIterator[None]:
    """Hold the load lock on this connection; PostgreSQL releases it by itself when the process dies.

    Raises ``AlreadyRunning`` when another session still holds it after ``wait_seconds``.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait_seconds
    while not await connection.fetchval("select pg_try_advisory_lock($1)", LOAD_LOCK_KEY):
        if clock() >= deadline:
            raise AlreadyRunning
        await asyncio.sleep(min(_POLL_SECONDS, max(0.0, deadline - clock())))
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOAD_LOCK_KEY)
