"""Which files of the code changed, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Literal

from watchfiles import Change, DefaultFilter, awatch

_SUFFIXES = (".py", ".html", ".jinja", ".sql")


class _Sources(DefaultFilter):
    """Files that the API reads at its start; not bytecode, not editors' temporary files."""

    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(_SUFFIXES) and super().__call__(change, path)


#: With None, watchfiles decides by its variable WATCHFILES_FORCE_POLLING.
_FORCE_POLLING: Final[dict[str, bool | None]] = {"on": True, "off": False, "auto": None}


async def edits(folder: Path, polling: Literal["auto", "on", "off"], stop: asyncio.Event) -> AsyncIterator[list[str]]:
    """Yield the names, from the folder's parent, of each batch of changed files, until ``stop`` is set."""
    force = _FORCE_POLLING[polling]
    async for batch in awatch(folder, watch_filter=_Sources(), stop_event=stop, force_polling=force, ignore_permission_denied=True):
        yield sorted({str(Path(path).relative_to(folder.parent)) for _, path in batch})
