"""A checkout as the scripts find it, and an engine that says what a test wants."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

FILES = (
    "scripts/stack.sh",
    "scripts/stack_env.sh",
    "scripts/stack_ports.sh",
    "scripts/database_volume.sh",
    ".env.example",
    "docker/redis/redis.conf",
)
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main")
#: Answers of an engine that will do, as a script.
GOOD = """case "$*" in
  "version "*) echo 28.5.2 ;;
  "compose version"*) echo {compose} ;;
  "buildx version") echo ok ;;
  info*) echo '{security}' ;;
  *) ;;
esac"""


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with what the scripts read, to be copied."""
    folder = tmp_path_factory.mktemp("example")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=all")):
        subprocess.run([*GIT, *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, example: Path) -> Path:
    return shutil.copytree(example, tmp_path / "a checkout")


@pytest.fixture
def engine(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """An environment whose `docker` behaves as the script given."""

    def make(script: str) -> dict[str, str]:
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "docker").write_text(f"#!/bin/bash\n{script}\n")
        (tools / "docker").chmod(0o755)
        return {"PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}

    return make


def values(folder: Path) -> dict[str, str]:
    found = re.findall(r"^(\w+)=(.*)$", (folder / ".env").read_text(), re.MULTILINE)
    assert len(dict(found)) == len(found)  # nothing is written twice
    return {name: value.strip("'") for name, value in found}
