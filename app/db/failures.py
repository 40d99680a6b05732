"""Classes of errors that the driver raises, for every part that has to tell a database that is gone from a defect."""

from typing import Final

import asyncpg

#: Any failure of a statement or of its connection.
DATABASE_FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,  # a write to a connection whose end the driver has not seen yet
    ConnectionError,
)


def connection_lost(error: BaseException) -> bool:
    """Return True when the error means that the connection is gone; the same statement may succeed over a new one.

    The driver raises ``InterfaceError`` for a closed connection as well as for a value or an argument that it cannot use. Only the text
    tells them apart.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError) and any(word in str(error) for word in ("closed", "closing", "released back"))
    return isinstance(error, _LOST)
