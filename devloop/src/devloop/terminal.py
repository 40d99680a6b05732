"""The terminal that the supervisor was started in, where a worker may show a debugger's prompt."""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Terminal:
    """Its name, and its modes as they were at the start."""

    name: str
    modes: list[int | list[bytes | int]]

    def restore(self) -> None:
        """Undo what a process has done that was killed at a prompt: line editing switches off echo and line mode."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # or it would stop us when we run in the background
        try:
            with suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, self.modes)
                os.write(1, b"\n")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@cache
def standard_terminal() -> Terminal | None:
    """Return the terminal that is this process's standard input, if it is one. The first call remembers its modes."""
    try:
        return Terminal(os.ttyname(0), termios.tcgetattr(0))
    except (termios.error, OSError):
        return None
