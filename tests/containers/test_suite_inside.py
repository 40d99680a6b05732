"""The suite inside the dev image, with the settings of the stack: it passes, and it leaves what belongs to the host as it was."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.containers.stack import Stack

#: Tests that start processes, install packages or look at the checkout: those that depend on where they run.
CHOSEN = (
    "tests/unit/test_bootstrap.py",
    "tests/unit/test_editor_configuration.py",
    "tests/unit/test_hooks.py",
    "tests/unit/test_secret_files.py",
    "tests/unit/stack",
    "tests/integration/test_isolation.py",
    "tests/integration/cli/test_etl.py",
    "tests/integration/serve/test_sentences.py",
    "tests/browser/test_looks.py",
)
#: Written by Python, pytest, mypy and Hypothesis; ignored by Git, and different for each version of Python where that matters.
CACHES = frozenset({"__pycache__", ".cache", ".hypothesis", ".git"})


def files(folder: Path) -> dict[Path, tuple[int, int, str]]:
    """Every file but the caches, with its time, owner and contents or target."""
    return {
        path: (status.st_mtime_ns, status.st_uid, str(path.readlink()) if path.is_symlink() else path.read_bytes().hex())
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and not CACHES.intersection(path.relative_to(folder).parts)
        for status in [path.lstat()]
    }


def make_environment(folder: Path) -> None:
    """A `.venv` of the host: its interpreter is nowhere inside."""
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to("/only/on/the/host/python3")
    (folder / ".venv" / ".installed").write_text("dev 0\n")


@pytest.fixture(scope="module")
def used(stack: Stack) -> Stack:
    """The running stack of a checkout that is used on the host, too."""
    make_environment(stack.folder)
    return stack


def test_what_depends_on_the_place_passes_and_touches_nothing(used: Stack, measured: Callable[[str, str], None]) -> None:
    before = files(used.folder)
    started = time.monotonic()
    ended = used.make("test-in-container", f"ARGS=-q {' '.join(CHOSEN)}", check=False, timeout=600)
    measured("the part of the suite that depends on where it runs, in the container", f"{time.monotonic() - started:.0f} s")
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said[-6000:]
    assert int(re.findall(r"(\d+) passed", said)[-1]) > 100
    assert re.search(r"^Skipped here: \d+ browser tests \(no Chromium\)", said, re.MULTILINE), said[-6000:]
    after = files(used.folder)
    assert {path for path in before | after if before.get(path) != after.get(path)} == set()


def test_no_environment_is_made_in_the_checkout(used: Stack) -> None:
    before = files(used.folder)
    refused = used.execute("api", "scripts/bootstrap.sh", "dev", check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1].startswith("draft-queen: the dev container has its packages in /opt/venv")
    used.execute("api", "make", "install")
    assert files(used.folder) == before
