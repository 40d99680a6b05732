"""A target file, and a supervisor whose worker runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.debugged.process import Supervised
from tests.support.debugged.scenario import SOURCE


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def supervised(target: Path) -> Iterator[Supervised]:
    with Supervised(target) as running:
        yield running
