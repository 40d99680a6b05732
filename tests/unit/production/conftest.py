"""A checkout of production's scripts, and commands that say what a test wants."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    (folder / "scripts").mkdir(parents=True)
    for script in (CHECKOUT / "scripts").glob("*.sh"):
        shutil.copy(script, folder / "scripts")
    shutil.copy(CHECKOUT / "compose.prod.yaml", folder)
    return folder


@pytest.fixture
def tool(tmp_path: Path) -> Callable[[str, str], None]:
    """Puts a command that is a script in front of all others."""
    folder = tmp_path / "tools"
    folder.mkdir()

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        (folder / name).chmod(0o755)

    return make


def run(folder: Path, *command: str, **environment: str) -> Ended:
    path = f"{folder.parent / 'tools'}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(folder), **environment}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
