"""A checkout to edit, for the tests that follow CONTRIBUTING.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkout_copy import Copy, copied


@pytest.fixture
def copy(tmp_path: Path, league: str) -> Copy:
    return copied(tmp_path / "checkout", league)
