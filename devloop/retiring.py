"""Replaced processes, which finish what they have begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devloop.nursery import Child


class Retiring:
    """Ends those that do not finish within ``grace`` seconds, unless they stay because somebody looks into them with a debugger."""

    def __init__(self, grace: float, say: Callable[[str], None], *, stays: Callable[[Child], bool]) -> None:
        self._grace, self._say, self._stays = grace, say, stays
        self._tasks: dict[asyncio.Task[None], Child] = {}

    @property
    def children(self) -> list[Child]:
        """Those that have not ended."""
        return list(self._tasks.values())

    def add(self, old: Child) -> None:
        """Wait for the end of this one, which was told to stop."""
        task = asyncio.create_task(self._retire(old))
        self._tasks[task] = old
        task.add_done_callback(self._tasks.pop)

    def forget(self) -> None:
        """Do not wait any more: everything ends."""
        for task in self._tasks:
            task.cancel()

    async def _retire(self, old: Child) -> None:
        while not await old.until(lambda: old.ended, within=self._grace):
            if not self._stays(old):
                self._say(f"the old process {old.pid} did not finish within {self._grace:g} s and was killed")
                await old.kill()
