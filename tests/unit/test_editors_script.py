"""What scripts/editors.sh says about a machine on which it cannot install an editor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import CHECKOUT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the editors are driven on Linux alone")

NEEDED = ["npm", "python3", "make", "g++", "chromium", "emacs"]
TOOLS = ["bash", "env", "flock", "head", "mkdir", "uname"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that has everything, with empty programs for what is large."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    for name in NEEDED:
        program(folder / name, "exit 0")
    program(folder / "node", "echo v20.1.2")
    return folder


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{line}\n")
    path.chmod(0o755)


def run(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine), "HOME": os.environ["HOME"], "XDG_CACHE_HOME": str(machine.parent / "cache")}
    command = ["bash", str(CHECKOUT / "scripts" / "editors.sh"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_installation_is_in_the_users_cache(machine: Path) -> None:
    folder = Path(run(machine, "path").stdout.strip())
    assert folder.parent == machine.parent / "cache" / "draft-queen" / "editors"
    folder.mkdir(parents=True)
    again = run(machine)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize("missing", ["node", *NEEDED])
def test_what_is_missing_is_named(machine: Path, missing: str) -> None:
    (machine / missing).unlink()
    ended = run(machine)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"draft-queen: the tests with real editors need {missing}; install ")
    assert ended.stderr.count("\n") == 1


def test_another_node_than_the_one_that_is_needed(machine: Path) -> None:
    program(machine / "node", "echo v22.3.0")
    ended = run(machine)
    assert ended.returncode == 1
    assert "needs Node.js 20 and `node` is v22.3.0" in ended.stderr


def test_an_emacs_without_dap_mode(machine: Path) -> None:
    program(machine / "emacs", "exit 255")
    ended = run(machine)
    assert ended.returncode == 1
    assert "Emacs has no dap-mode" in ended.stderr


def test_a_failed_installation_says_what_to_look_at_and_leaves_nothing(machine: Path) -> None:
    for tool in ("cat", "dirname", "grep", "mktemp", "mv", "rm", "tee", "ln"):
        (machine / tool).symlink_to(str(shutil.which(tool)))
    program(machine / "npm", "echo no network >&2; exit 7")
    ended = run(machine)
    cache = machine.parent / "cache" / "draft-queen" / "editors"
    assert ended.returncode == 1
    assert "no network" in ended.stderr
    assert (
        f"could not be installed: check the network, npm's registry and the C++ compiler. The log above is also in {cache}/install.log."
        in ended.stderr
    )
    assert "no network" in (cache / "install.log").read_text()
    assert sorted(path.name for path in cache.iterdir()) == [".lock", "install.log"]
