"""Which code this process runs."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


@cache
def code_fingerprint() -> str:
    """When the code was last edited, as of this process's start: part of every tag a browser keeps, so that no edit is hidden by a 304."""
    return fingerprint_of(PACKAGE)


def fingerprint_of(folder: Path) -> str:
    """The newest time among the files of Python code in a folder, and their number: a removed file counts as an edit too."""
    times = []
    for path in folder.rglob("*.py"):
        if not path.name.startswith("."):  # an editor's lock on a file is a hidden link to nowhere
            with suppress(OSError):  # a link to nowhere, or deleted since it was listed: no code that could run
                times.append(path.stat().st_mtime_ns)
    return f"{max(times, default=0):x}.{len(times)}"
