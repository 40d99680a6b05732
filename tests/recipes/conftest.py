"""The recipes of CONTRIBUTING.md, followed in copies of the checkout whose own checks then run: minutes, so with a target of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.checkout_copy import Copy, copied

#: Set by `make test-recipes`; `make test` leaves the folder out.
ASKED_FOR = "RECIPE_TESTS"
collect_ignore_glob = [] if os.environ.get(ASKED_FOR) else ["test_*.py"]


@pytest.fixture
def copy(tmp_path: Path, league: str) -> Copy:
    return copied(tmp_path / "checkout", league)
