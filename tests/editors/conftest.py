"""Real editors and the program that they debug; `make test-editors` installs what this needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.browser.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.conftest import CHECKOUT
from tests.editors.emacs import Emacs, running_emacs
from tests.editors.program import Program
from tests.editors.vscode import Window, code_server
from tests.support.asked_for import ignored_unless

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Set by `make test-editors`; what is missing is an error then. `make test` leaves the folder out. A file that is named to pytest runs, or
#: skips with a reason.
ASKED_FOR = "EDITOR_TESTS"
collect_ignore_glob = ignored_unless(ASKED_FOR, linux=True)

#: What the editors' windows looked like, for a look by hand.
PICTURES = CHECKOUT / ".cache" / "editors"


def missing(reason: str) -> NoReturn:
    """The machine lacks something: a failure where these tests were asked for, otherwise a reason to skip."""
    if os.environ.get(ASKED_FOR):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A copy of this checkout, served, with a debug port."""
    made = Program(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.served.end()
    made.served.assert_nobody_is_left()


@pytest.fixture(scope="session")
def vscode_entry() -> Path:
    """The program of the installed code-server."""
    found = subprocess.run(["bash", "scripts/editors.sh", "path"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    entry = Path(found.stdout.strip()) / "node_modules" / "code-server" / "out" / "node" / "entry.js"
    if not entry.is_file():
        missing("code-server is not installed: run scripts/editors.sh")
    return entry


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium from the system."""
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        missing("there is no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_window(
    vscode_entry: Path, chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[Path], Window]]:
    """Open a folder in a VS Code with a fresh profile; the window closes with the test."""
    opened: list[Window] = []
    pictures = PICTURES / request.node.name
    shutil.rmtree(pictures, ignore_errors=True)
    with code_server(vscode_entry, tmp_path / "vscode") as url:

        def new(folder: Path) -> Window:
            opened.append(Window(chromium, url, folder, pictures))
            return opened[-1]

        yield new
        for window in opened:
            window.picture("end")
            window.close()


@pytest.fixture
def emacs(tmp_path: Path) -> Iterator[Emacs]:
    """An Emacs without settings of the user."""
    if shutil.which("emacs") is None or not has_dap_mode():
        missing("there is no Emacs with dap-mode on this machine (Debian: apt-get install emacs-nox elpa-dap-mode)")
    with running_emacs(tmp_path / "emacs") as running:
        yield running


def has_dap_mode() -> bool:
    """Return whether the system's Emacs finds dap-mode."""
    command = ["emacs", "--batch", "--no-init-file", "--funcall=package-initialize", "--eval=(require 'dap-mode)"]
    return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0
