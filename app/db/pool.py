"""The connections of one process to the database."""

from __future__ import annotations

import asyncpg

from app.db.connect import connect

CONNECT_SECONDS = 5.0
#: Beyond the server's own limit, so that its answer ("statement timeout") wins while the connection is alive.
GRACE_SECONDS = 5.0


async def _leave_as_it_is(_connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """In place of the driver's reset, which costs a round trip per request: our statements change no state of the session.

    The driver has already rolled back a transaction that was left open.
    """


async def create_pool(
    dsn: str | None = None, *, max_size: int = 32, application_name: str = "draft-queen", statement_timeout: float = 15.0
) -> asyncpg.Pool[asyncpg.Record]:
    """Opens a pool of at most `max_size` connections to DATABASE_URL or to `dsn`, each made when it is first needed.

    It opens without the server being there, so a process can start first and recovers when the server does. `statement_timeout` in
    seconds ends a statement on the server (0: never). `application_name` is what the server's list of sessions shows.

    Use connections in autocommit and set nothing for the session: it would still be set for the next who gets the connection.
    """
    return await asyncpg.create_pool(
        dsn,
        connect=connect,  # reads the password when a connection is made, so that it may change
        min_size=0,
        max_size=max_size,
        max_inactive_connection_lifetime=300.0,
        timeout=CONNECT_SECONDS,
        command_timeout=statement_timeout + GRACE_SECONDS if statement_timeout else None,
        statement_cache_size=256,
        max_cached_statement_lifetime=0,  # statements are few and built once: none of them gets stale
        reset=_leave_as_it_is,
        server_settings={
            "application_name": application_name,
            "statement_timeout": f"{statement_timeout * 1000:.0f}",
            "idle_in_transaction_session_timeout": "60000",
            "jit": "off",  # compiling costs more than any of our statements takes
            "timezone": "UTC",
        },
    )
