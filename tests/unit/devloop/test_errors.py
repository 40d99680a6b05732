"""Which errors say that another process holds something."""

from __future__ import annotations

import pytest

from devloop.errors import is_held


@pytest.mark.parametrize(
    "error",
    [
        "OSError: [Errno 98] Address already in use",
        "BlockingIOError: [Errno 11] Resource temporarily unavailable",
        'duckdb.IOException: IO Error: Could not set lock on file "/data.duckdb": Conflicting lock is held in python (PID 1)',
        "sqlite3.OperationalError: database is locked",
        "RuntimeError: Failed to bind to address 127.0.0.1:50051; set GRPC_VERBOSITY=debug",
        "RuntimeError: Storage folder ./qdrant is already accessed by another instance: it is already in use",
    ],
)
def test_what_another_process_holds(error: str) -> None:
    assert is_held(error)
    assert is_held(f'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    open()\n{error}\n')


@pytest.mark.parametrize(
    "error", ["", "ValueError: no block of locks", "NameError: name 'lock' is not defined", "PermissionError: [Errno 13]"]
)
def test_other_errors(error: str) -> None:
    assert not is_held(error)
