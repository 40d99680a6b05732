"""The recipes of CONTRIBUTING.md, followed in copies of the checkout whose own checks then run: minutes, so with a target of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.containers.stack import copy_checkout
from tests.support.asked_for import ignored_unless
from tests.support.checkout_copy import Copy

#: `make test` leaves the folder out.
collect_ignore_glob = ignored_unless("RECIPE_TESTS")


class Recipe(Copy):
    """A whole copy of the checkout in which a recipe is followed, over a database with a league."""

    def touched(self) -> dict[str, int]:
        """The files that are new or changed, with the number of their added and removed lines."""
        subprocess.run(["git", "add", "--all", "--intent-to-add"], cwd=self.folder, check=True)
        listed = subprocess.run(["git", "diff", "--numstat"], cwd=self.folder, capture_output=True, text=True, check=True).stdout
        rows = [line.split("\t") for line in listed.splitlines()]
        return {name: int(added) + int(removed) for added, removed, name in rows}

    def succeed(self, *command: str) -> str:
        """Run a command; what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def migrate(self, message: str) -> str:
        """Write the migration and apply it; the name of its file."""
        before = set(self.versions.iterdir())
        for arguments in (("revision", f"MESSAGE={message}"), ("migrate",)):
            done = self.make(*arguments)
            assert done.returncode == 0, done.stderr
        [made] = {path for path in set(self.versions.iterdir()) - before if path.suffix == ".py"}
        return str(made.relative_to(self.folder))

    def is_green(self, *tests: str) -> None:
        """Run every check of the project, and the tests that look at what was changed."""
        checked = self.make("check")
        assert checked.returncode == 0, checked.stdout[-6000:] + checked.stderr[-2000:]
        self.succeed(sys.executable, "-m", "pytest", "-q", "-n", "0", *tests)


Measured = Callable[[dict[str, int]], None]
TOUCHED = "touched"


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Puts how many files and lines a recipe takes into the summary."""
    return lambda touched: record_property(TOUCHED, f"{len(touched)} files, {sum(touched.values())} lines")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, amount in getattr(report, "user_properties", ()):
            if name == TOUCHED and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {amount}")


def copied(folder: Path) -> None:
    """Make a copy of the whole checkout."""
    folder.mkdir()
    copy_checkout(folder)
    known = CHECKOUT / ".cache" / "mypy"
    if known.is_dir():  # the types of what a recipe leaves alone
        shutil.copytree(known, folder / ".cache" / "mypy")


@pytest.fixture
def copy(tmp_path: Path, league: str) -> Recipe:
    """A copy to follow a recipe in."""
    copied(tmp_path / "checkout")
    return Recipe(tmp_path / "checkout", league)
