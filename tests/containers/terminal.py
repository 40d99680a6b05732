"""A terminal that is closed while a command runs in it, as when the connection of an ssh session breaks."""

from __future__ import annotations

import os
import pty
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lost_terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], until: Callable[[str], bool], seconds: float = 120
) -> Iterator[subprocess.Popen[bytes]]:
    """The command after it has lost its terminal: its shell has told it so (SIGHUP), and whatever is still written there is an error.

    The terminal goes as soon as `until` likes what was said so far. At the end of the block the command is waited for.
    """
    ours, theirs = pty.openpty()
    # Who is told first is the first process of the terminal's session, a login shell, which tells its jobs.
    shell = ["setsid", "--ctty", "bash", "--norc", "-i", "-c", f"{shlex.join(command)}; :"]
    child = subprocess.Popen(shell, cwd=folder, env=dict(environment), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        try:
            _read(ours, until, time.monotonic() + seconds)
        finally:
            os.close(ours)
        yield child
        child.wait(seconds)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(60)


def _read(terminal: int, until: Callable[[str], bool], deadline: float) -> None:
    said = ""
    while not until(said):
        assert time.monotonic() < deadline, f"it has only said {said!r}"
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            said += os.read(terminal, 4096).decode(errors="replace")
