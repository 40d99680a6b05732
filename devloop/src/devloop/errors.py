"""The texts of errors: what is passed on of them, and what is said in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

#: Longest text that is passed on; the end says what it was.
_CHARACTERS = 16_000
#: What systems, databases and queues say of what another process holds.
_HELD = re.compile(
    r"address already in use|failed to bind to address|resource temporarily unavailable|could not set lock|conflicting lock|"
    r"database is locked|already (locked|running|in use)|"
    r"lock(ed)? (is )?(held|owned|by)|unable to (acquire|obtain) (the |a )?lock|BlockingIOError",
    re.IGNORECASE,
)


def shortened(text: str) -> str:
    """Return the end of a long text."""
    return text if len(text) <= _CHARACTERS else "...\n" + text[-_CHARACTERS:]


def summary(text: str) -> str:
    """Return the line that names the error: the first one after the last frame of a traceback, even if the message has more lines."""
    lines = text.strip().splitlines()
    if not lines:
        return "no reason was given"
    frames = [number for number, line in enumerate(lines[:-1]) if line.startswith("  ")]
    return lines[frames[-1] + 1 if frames and lines[0].startswith("Traceback") else -1].strip()


def printable(name: str) -> str:
    """Format a file name for one line of a log."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def shown(files: Collection[str], root: Path) -> str:
    """Name the first few files, relative to the root folder."""
    names = [printable(os.path.relpath(file, root)) for file in files]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def is_held(error: str) -> bool:
    """Check whether a start failed because another process holds a port, a lock or a file."""
    return _HELD.search(summary(error)) is not None
