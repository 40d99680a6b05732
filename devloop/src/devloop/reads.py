"""Files other than sources that the application read while it started: checked every third of a second.

They may lie anywhere and have any name, so the system is not asked to tell of them; there are few.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from devloop.inputs import Fingerprint, fingerprint

_LOOK_SECONDS = 0.3
#: More files than this are data, not configuration, and comparing them would take time.
_MOST_FILES = 2_000

Reads = Mapping[str, Fingerprint | None]


async def changes(reads: Callable[[], Reads]) -> AsyncIterator[tuple[str, ...]]:
    """Yield those of the files that have changed since they were read, whenever there are any; each state of a file once."""
    reported: dict[str, Fingerprint | None] = {}
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = {file: fingerprint(file) for file in list(reads())[:_MOST_FILES]}
        changed = tuple(file for file, state in now.items() if state != reported.get(file, reads()[file]))
        reported = {file: now[file] for file in (*reported, *changed) if file in now and now[file] != reads()[file]}
        if changed:
            yield changed
