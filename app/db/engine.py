"""The engine of a process: the one door to the database, and the connections behind it."""

from __future__ import annotations

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.db.connect import connect
from app.db.database import StatementTooSlow

CONNECT_SECONDS = 5.0
#: Beyond the server's own limit, so that its response ("statement timeout") wins while the connection is alive.
GRACE_SECONDS = 5.0


def create_engine(dsn: str, *, max_size: int = 32, application_name: str = "draft-queen", statement_timeout: float = 15.0) -> AsyncEngine:
    """Create an engine with at most ``max_size`` connections, each opened when it is first needed.

    A process can start before its database and recovers when that returns. ``statement_timeout`` in seconds ends a statement on the server
    (0: never). ``application_name`` is what the server's list of sessions shows. Set nothing for the session of a connection: it would
    still be set for the next user of that connection.
    """
    settings = {
        "application_name": application_name,
        "statement_timeout": f"{statement_timeout * 1000:.0f}",
        "idle_in_transaction_session_timeout": "60000",
        "jit": "off",  # compiling costs more than any of our statements takes
        "timezone": "UTC",
    }

    async def open_connection() -> asyncpg.Connection[asyncpg.Record]:
        return await connect(  # reads the password when a connection is made, so that it may change
            dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=statement_timeout + GRACE_SECONDS if statement_timeout else None,
            statement_cache_size=256,
            max_cached_statement_lifetime=0,  # statements are few and built once: none of them gets stale
            server_settings=settings,
        )

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=open_connection, pool_size=max_size, max_overflow=0, pool_use_lifo=True
    )
    event.listen(engine.sync_engine, "checkout", _replace_closed)
    event.listen(engine.sync_engine, "handle_error", _report_time_limit)
    return engine


def _replace_closed(_connection: DBAPIConnection, _entry: ConnectionPoolEntry, proxied: PoolProxiedConnection) -> None:
    """Have the pool open a new connection in place of one that the server has closed; finding out costs no round trip."""
    driver_connection = proxied.driver_connection
    if driver_connection is None or driver_connection.is_closed():
        raise DisconnectionError


def _report_time_limit(context: ExceptionContext) -> None:
    """Report that the driver's time limit has passed, and have the pool replace the connection, whose server is silent."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        raise StatementTooSlow("The database did not respond in time.")
