"""A terminal that a test has in front of it: what a program shows there, and keys for it."""

from __future__ import annotations

import fcntl
import os
import pty
import termios
import threading
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import until


class Terminal:
    """Our end of it. ``theirs`` is for the program, and what that shows is added to the file."""

    def __init__(self, file: Path) -> None:
        self._ours, self.theirs = pty.openpty()
        self._modes = termios.tcgetattr(self.theirs)
        self._file = file
        self._seen = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError), self._file.open("ab", buffering=0) as file:
            while data := os.read(self._ours, 4096):
                file.write(data.replace(b"\r\n", b"\n"))

    def shows(self, text: str) -> None:
        """Wait for this, after what was waited for before."""
        until(lambda: text in self._rest, lambda: f"{text!r} is not shown:\n{self._rest}\n--- after:\n{self._text[: self._seen]}")
        self._seen = self._text.index(text, self._seen) + len(text)

    @property
    def _text(self) -> str:
        return self._file.read_text(errors="replace") if self._file.exists() else ""

    @property
    def _rest(self) -> str:
        return self._text[self._seen :]

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    @property
    def restored(self) -> bool:
        """Whether its modes are as they were at the start."""
        return termios.tcgetattr(self.theirs) == self._modes

    def close(self) -> None:
        os.close(self.theirs)
        self._reader.join(5)
        os.close(self._ours)


def log_in() -> None:
    """What a login does, in a new session whose standard input is a terminal: from now on Ctrl-C and the like reach its processes."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
