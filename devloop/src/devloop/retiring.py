"""Replaced processes, which finish what they have begun."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from devloop.messages import Stop
from devloop.nursery import Child
from devloop.options import Kind

#: A process at a debugger's prompt that cannot close it: more time would only keep the terminal from its successor.
_PROMPT_SECONDS = 1.0


def ask_to_end(child: Child, kind: Kind) -> None:
    """Have it finish what it has begun, and close the debugger's prompt at which it may be."""
    if kind == "asgi":
        child.send(Stop())
    if kind == "worker" or (child.prompt is not None and child.prompt.can_leave):
        child.signal(signal.SIGTERM)


def patience(child: Child, grace: float) -> float:
    """Return how many seconds the process may take to end."""
    return grace if child.prompt is None else min(grace, _PROMPT_SECONDS)


class Retiring:
    """Ends those that do not finish within ``grace`` seconds, unless a debugger is attached to them."""

    def __init__(self, grace: float, say: Callable[[str], None], *, stays: Callable[[Child], bool]) -> None:
        self._grace, self._say, self._stays = grace, say, stays
        self._tasks: dict[asyncio.Task[None], Child] = {}

    @property
    def children(self) -> list[Child]:
        """Those that have not ended."""
        return list(self._tasks.values())

    def add(self, old: Child) -> None:
        """Wait for the end of this one, which was asked to stop."""
        task = asyncio.create_task(self._retire(old))
        self._tasks[task] = old
        task.add_done_callback(self._tasks.pop)

    def forget(self) -> None:
        """Do not wait any more: everything ends."""
        for task in self._tasks:
            task.cancel()

    async def _retire(self, old: Child) -> None:
        if not await old.until(lambda: old.prompt is None, within=_PROMPT_SECONDS) and not self._stays(old):
            self._say(f"the old process {old.pid} was at a debugger's prompt and was killed")
            await old.kill()
        while not await old.until(lambda: old.ended, within=self._grace):
            if not self._stays(old):
                self._say(f"the old process {old.pid} did not finish within {self._grace:g} s and was killed")
                await old.kill()
