"""Scripts with Windows line ends: every way to start them ends in the same error message."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

MESSAGE = (
    "draft-queen: this checkout has Windows line ends: run 'git config core.autocrlf input', then"
    " 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost).\n"
)
#: Targets of the Makefile, but for the list of them, which needs no script.
TARGETS = sorted(set(re.findall(r"^([a-z][a-z-]*)(?: [a-z -]+)?:(?!=)", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)) - {"help"})


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    """The files that `make` and the dev container's first step read, as a wrongly set Git checks them out."""
    for source in (*CHECKOUT.glob("scripts/*.sh"), CHECKOUT / ".devcontainer/initialize.sh", CHECKOUT / "Makefile"):
        copy = tmp_path / source.relative_to(CHECKOUT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
        shutil.copymode(source, copy)
    return tmp_path


@pytest.mark.parametrize("script", [".devcontainer/initialize.sh", "scripts/stack.sh"])
def test_scripts_that_are_started_directly(converted: Path, script: str) -> None:
    ended = subprocess.run(["bash", script, "check"], cwd=converted, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", MESSAGE)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_every_target(converted: Path) -> None:
    assert {"up", "down", "logs", "clean", "doctor", "test"} <= set(TARGETS)
    for target in TARGETS:
        ended = subprocess.run(["make", target], cwd=converted, capture_output=True, text=True, check=False)
        assert ended.returncode != 0, target
        # some versions of make add their own line
        assert [line for line in ended.stderr.splitlines(keepends=True) if not line.startswith("make: ***")] == [MESSAGE], target


def test_scripts_as_they_are_in_git_pass() -> None:
    for script in (".devcontainer/initialize.sh", "scripts/stack.sh"):
        assert b"\r" not in (CHECKOUT / script).read_bytes()
