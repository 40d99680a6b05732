"""``breakpoint()`` where no loop is involved: in a test, and in a command of ``dq``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.terminal import Terminal, log_in
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop prompt")]

TEST = "def test_it():\n    word = 'one'\n    breakpoint()\n    assert word\n"
#: Each command of ``dq`` stops before it begins.
COMMAND = """
import sys
import click
from cli.entry import main
invoke = click.Command.invoke
def stop(self, context):
    word = "one"
    if self.name == "generate":
        breakpoint()
    return invoke(self, context)
click.Command.invoke = stop
sys.argv = ["dq", "sample", "generate", "--rows", "20", "--out", "sample"]
main()
"""


@pytest.mark.parametrize(
    "command", [["-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "test_it.py"], ["-c", COMMAND]], ids=["pytest", "dq"]
)
def test_the_prompt_is_on_the_terminal(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    terminal = Terminal(tmp_path / "terminal.log")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "dumb"}
    running = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env=environment,
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,
        preexec_fn=log_in,
    )
    try:
        terminal.shows("(Pdb) ")
        terminal.type("p word\n")
        terminal.shows("\n'one'\n")
        terminal.type("c\n")
        assert running.wait(PATIENCE) == 0
    finally:
        running.kill()
        running.wait()
        terminal.close()
