"""``breakpoint()`` where the loop has no terminal of its own: on one that is lent, in the background, and with other debuggers."""

from __future__ import annotations

import fcntl
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.devloop.test_prompt import IN_A_THREAD, STOPS, Request, text
from tests.integration.devloop.test_trust import says
from tests.support.loop import Loop
from tests.support.matrix import matrix_loop, needed
from tests.support.terminal import Terminal, log_in
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop prompt")]

TAKEN = "devloop: breakpoint() stops in this terminal; press Ctrl-C to take it back\n"


@contextmanager
def lent(loop: Loop) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    terminal = Terminal(Path(f"{loop.log_file}.terminal"))
    command = [sys.executable, "-m", "devloop.lend"]
    lender = subprocess.Popen(
        command,
        cwd=loop.root,
        env=loop.environment | {"TERM": "dumb"},
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        start_new_session=True,
        preexec_fn=log_in,
    )
    try:
        terminal.shows(TAKEN)
        yield terminal, lender
    finally:
        lender.kill()
        lender.wait()
        terminal.close()


def test_a_lent_terminal_stays_through_reloads(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": STOPS}, TERM="dumb")
    loop.start()
    loop.wait_for_log(" started\n")
    says(loop, "one")
    loop.wait_for_log("was passed over")
    with lent(loop) as (terminal, lender):
        for word, new in (("one", "two"), ("two", "three")):
            request = Request(loop)
            terminal.shows("(Pdb) ")
            terminal.type("p WORD\n")
            terminal.shows(f"\n'{word}'\n(Pdb) ")
            terminal.type("n\n")
            terminal.shows("--Return--\n")
            terminal.shows("(Pdb) ")
            terminal.type("c\n")
            assert text(request, loop) == word
            loop.edit("app/main.py", f"'{word}'", f"'{new}'")
            loop.wait_for_log("ms: app/main.py\n", times=1 if new == "two" else 2)
        assert terminal.restored
        request = Request(loop)
        terminal.shows("(Pdb) ")
        terminal.type("\x03")
        assert text(request, loop) == "three"
        assert lender.wait(PATIENCE) == 0
        assert terminal.restored
    loop.write("app/main.py", STOPS.replace("one", "four"))
    says(loop, "four")
    assert "BdbQuit" not in loop.log


def test_an_edit_at_a_lent_prompt_is_the_next_generation(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": IN_A_THREAD}, TERM="dumb")
    loop.start()
    loop.wait_for_log(" started\n")
    with lent(loop) as (terminal, _):
        Request(loop)
        terminal.shows("(Pdb) ")
        loop.write("app/main.py", IN_A_THREAD.replace("'one'", "'two'").replace("breakpoint()", "__import__('pdb').set_trace()"))
        loop.wait_for_log("was at a debugger's prompt and was killed")
        until(lambda: terminal.restored, lambda: "the modes of the terminal are others")
        request = Request(loop)
        terminal.shows("(Pdb) ")
        terminal.type("c\n")
        assert text(request, loop) == "two"


def test_two_terminals_are_not_lent_at_once(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": STOPS})
    with lent(loop):
        ours = Terminal(Path(f"{loop.log_file}.second"))
        command = [sys.executable, "-m", "devloop.lend", "--root", str(loop.root)]
        second = subprocess.run(command, stdin=ours.theirs, capture_output=True, text=True, check=False, timeout=PATIENCE)
        ours.close()
    assert second.returncode == 2
    assert "is another one lent already?" in second.stderr


def test_without_a_terminal_there_is_nothing_to_lend() -> None:
    command = [sys.executable, "-m", "devloop.lend"]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (found.returncode, found.stderr) == (2, "devloop: standard input is not a terminal, so there is nothing to lend.\n")


def test_a_loop_in_the_background_is_not_stopped(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": STOPS}, TERM="dumb")
    terminal = Terminal(loop.log_file)
    loop.terminal = terminal.theirs
    loop.wrapper = ["bash", "-m", "-c", 'trap "kill %1" TERM; "$@" & wait; wait', "bash"]
    loop.start()
    terminal.shows(" started\n")
    says(loop, "one")
    terminal.shows("app/main.py:3 was passed over, because the loop runs in the background; to stop there, ")
    loop.edit("app/main.py", "'one'", "'two'")
    says(loop, "two")
    loop.end()
    terminal.close()


@needed()
@pytest.mark.parametrize(
    ("debugger", "shown", "keys"),
    [("ipdb.set_trace", ("main.py", "ipdb>"), "c\r"), ("pudb.set_trace", ("PuDB", "main.py"), "c")],
    ids=["ipdb", "pudb"],
)
@pytest.mark.parametrize("is_lent", [False, True], ids=["own terminal", "lent terminal"])
def test_other_debuggers(project: Callable[..., Loop], debugger: str, shown: tuple[str, ...], keys: str, is_lent: bool) -> None:
    files = {"project/app/main.py": STOPS, "config/pudb/pudb.cfg": "[pudb]\nseen_welcome = e999\n"}
    loop = matrix_loop(project, files, PYTHONBREAKPOINT=debugger, TERM="xterm", XDG_CONFIG_HOME="../config", IPYTHONDIR="../ipython")
    if is_lent:
        loop.start()
        loop.wait_for_log(" started\n")
        with lent(loop) as (terminal, _):
            _use(loop, terminal, shown, keys)
        return
    terminal = Terminal(loop.log_file)
    loop.terminal = terminal.theirs
    loop.start()
    terminal.shows(" started\n")
    _use(loop, terminal, shown, keys)
    loop.end()
    terminal.close()


def _use(loop: Loop, terminal: Terminal, shown: tuple[str, ...], keys: str) -> None:
    fcntl.ioctl(terminal.theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    for word, new in (("one", "two"), ("two", "three")):
        request = Request(loop)
        for part in shown:
            terminal.shows(part)
        time.sleep(0.5)  # what is typed before a full-screen program listens is discarded
        terminal.type(keys)
        assert text(request, loop) == word
        logged = len(loop.log)
        loop.edit("app/main.py", f"'{word}'", f"'{new}'")
        loop.wait_for_log("ms: app/main.py\n", since=logged)
