"""Starts the current process again when it ends by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from devloop.nursery import Child
from devloop.processes import how

_PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
_LASTING_SECONDS = 30.0


class Revival:
    """Watches one process at a time. ``again`` is called to start another one, unless the process ``is_current`` no longer."""

    def __init__(self, is_current: Callable[[Child], bool], again: Callable[[], None], say: Callable[[str], None]) -> None:
        self._is_current, self._again, self._say = is_current, again, say
        self._count = 0
        self._watching: asyncio.Task[None] | None = None

    def watch(self, child: Child) -> None:
        """Watch this process instead of the previous one."""
        self.stop()
        self._watching = asyncio.create_task(self._watch(child))

    def stop(self) -> None:
        """Watch nothing: the process is about to be ended."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self, child: Child) -> None:
        """Wait for its end, and longer each time while processes do not last."""
        born = time.monotonic()
        await child.until(lambda: child.ended)
        if not self._is_current(child):
            return
        self._count = 0 if time.monotonic() - born > _LASTING_SECONDS else self._count
        pause = _PAUSES[min(self._count, len(_PAUSES) - 1)]
        self._count += 1
        if child.error:
            self._say(child.error)
        self._say(f"process {child.pid} ended unexpectedly ({how(child.code)}); starting it again in {pause:g} s")
        await asyncio.sleep(pause)
        if self._is_current(child):
            self._again()
