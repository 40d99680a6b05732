"""The debugger that is attached, and the processes that join its session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devloop.messages import Join
from devloop.nursery import Child

JoinTarget = tuple[str, int, int]


class AttachedDebugger:
    """``target`` is where its session can be joined; None while there is none. ``joined`` is called when a running process has joined."""

    def __init__(self, joined: Callable[[], None], say: Callable[[str], None]) -> None:
        self.target: JoinTarget | None = None
        self._joined, self._say = joined, say
        self._reporting: asyncio.Task[None] | None = None

    def holds(self, child: Child) -> bool:
        """Return true while this process may be stopped at a breakpoint."""
        return child.joined and self.target is not None

    def have_join(self, child: Child) -> None:
        """Have a running process join, which it can do once."""
        if self.target is not None and not child.joined:
            child.joined = True
            child.send(Join(*self.target))
            self._reporting = asyncio.create_task(self._report(child))

    async def _report(self, child: Child) -> None:
        if await child.until(lambda: child.debugged is not None) and child.debugged:
            self._say(f"a debugger is attached to generation {child.generation}; it stays through every reload")
        self._joined()
