"""The driver's errors: which of them mean that the connection is gone."""

from __future__ import annotations

import asyncpg
import pytest

from app.db.failures import connection_lost
from pipeline.explain import explain


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InterfaceError("cannot perform operation: connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.InternalClientError("unexpected end of the connection"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_connection_is_reported_as_lost(error: Exception) -> None:
    assert connection_lost(error)
    assert "connection to the database was lost" in explain(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError("invalid input for query argument $1: 'x'"),
        asyncpg.InterfaceError("query argument $1: a sized iterable container expected"),
        asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
        asyncpg.ClientConfigurationError("invalid DSN: closed=maybe"),
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_bad_value_or_a_time_limit_is_reported_as_itself(error: Exception) -> None:
    assert not connection_lost(error)
    assert explain(error) == f"The load failed: {error}"
