"""A checkout to edit, for the tests that follow CONTRIBUTING.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.checkout_copy import Copy


@pytest.fixture
def copy(tmp_path: Path, league: str) -> Copy:
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("app", "pipeline", "cli", "alembic", "scripts"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "alembic.ini", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, folder / name)
    return Copy(folder, league)
