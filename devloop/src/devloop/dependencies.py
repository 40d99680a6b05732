"""Whether what the lock files name is installed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: A line such as ``httptools==0.9.0 \\`` or ``uvloop==0.23.0 ; sys_platform != 'win32' \\``.
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)[ \t]*(;[^\\\n]*)?", re.MULTILINE)


def missing(locks: Sequence[Path]) -> list[str]:
    """List packages that are locked but not installed in that version, as ``name 1.2 (1.1 is installed)``.

    Lines with an environment marker are left out: packages of other platforms are not relevant.
    """
    found = []
    for lock in locks:
        try:
            text = lock.read_text(errors="replace")
        except OSError:
            continue  # it was removed: nothing is asked for
        for name, wanted, marker in _PINNED.findall(text):
            if marker:
                continue
            try:
                installed = version(name)
            except PackageNotFoundError:
                found.append(f"{name} {wanted} (not installed)")
            else:
                if installed != wanted:
                    found.append(f"{name} {wanted} ({installed} is installed)")
    return found
