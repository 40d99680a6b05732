"""Which errors say that another process holds what a new one needs."""

from __future__ import annotations

import pytest

from devloop.errors import is_held


@pytest.mark.parametrize(
    ("error", "held"),
    [
        ("RuntimeError: Failed to bind to address 127.0.0.1:21407; set GRPC_VERBOSITY=debug", True),
        ("OSError: [Errno 98] Address already in use", True),
        ('IOException: IO Error: Could not set lock on file "data.duckdb"', True),
        ("ValueError: no block of locks", False),
    ],
)
def test_what_is_held_is_recognised(error: str, held: bool) -> None:
    assert is_held(error) is held
