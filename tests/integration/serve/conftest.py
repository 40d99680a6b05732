"""Runs `dq serve` for tests, and ends it, come what may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.checkout_copy import copy_code
from tests.support.served import Served


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a `Served` in a folder of this test, with these settings; all are ended, come what may."""
    made: list[Served] = []

    def make(**environment: str) -> Served:
        made.append(Served(tmp_path, **environment))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code that may be edited."""
    copy_code(tmp_path / "checkout")
    return tmp_path / "checkout"
