"""Processes that end with their parent, however it ended."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.01


class ChildProcess:
    """A process that this one has started, by its number. ``subprocess`` takes longer to import than to start one, and knows no forks."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or minus the number of the signal that killed it; None while it runs."""
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # we were started with SIGCHLD ignored, so the kernel keeps no exit codes
                pid, status = self.pid, 0
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, within: float = math.inf) -> int | None:
        """Wait for its end, at most so many seconds; the exit code, or None if it still lives."""
        import asyncio  # here, so that the zygote is started before it is imported

        deadline = time.monotonic() + within
        while self.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(_LOOK_SECONDS)
        return self._code


def descendants(pid: int) -> list[int]:
    """Return all running child processes of this one, and their child processes."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        with suppress(OSError, ValueError, IndexError):
            state, parent = Path(f"/proc/{int(name)}/stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":  # it has ended
                children.setdefault(int(parent), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found[1:]


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send the signal to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; at once, when the parent has ended already."""
    import ctypes  # here: the supervisor does not need it

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def be_called(name: str) -> None:
    """Set the name of this process in ``ps``, ``top`` and ``pgrep``, at most 15 letters; its command line may be another program's."""
    with suppress(OSError):  # a /proc that is read-only: the name is only for people to read
        Path("/proc/self/comm").write_text(name)


def environment() -> dict[str, str]:
    """Return our environment for a child: with compiled bytecode, which saves seconds per start, and no debugpy warning."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def how(code: int | None) -> str:
    """Describe an exit code in words."""
    if code is None:
        return "it ended"
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"
