"""The zygote that forks now: replaced when it has read what has changed since, and when it is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from devloop.messages import Fork
from devloop.nursery import Child, Zygote, ZygoteLost, ZygoteOutdated

#: Files may go on changing while a new zygote reads them, as they do when packages are installed.
_MOST_ATTEMPTS = 3


class Zygotes:
    """One after the other. ``outdated`` hears which files have changed, before another one reads them."""

    def __init__(self, make: Callable[[], Awaitable[Zygote]], outdated: Callable[[list[str]], None]) -> None:
        self.debugged = False  # whether processes are to have the debugger's modules
        self.written: set[str] = set()  # files of the application that its processes have written while they started
        self._make = make
        self._outdated = outdated
        self._zygote: Zygote | None = None

    @property
    def preloaded(self) -> list[str] | None:
        """What the zygote was asked to import."""
        return None if self._zygote is None else self._zygote.preloaded

    async def begin(self, zygote: Awaitable[Zygote]) -> None:
        """Take the first one."""
        self._zygote = await zygote

    async def fork(self, job: Fork) -> Child:
        """Return a new process for the job, from a zygote that holds nothing that has changed.

        Raises:
            ZygoteLost: there is no zygote any more.
        """
        for _ in range(_MOST_ATTEMPTS):
            if self._zygote is None:
                raise ZygoteLost("there is none")
            try:
                child = await self._zygote.fork(job)
            except ZygoteOutdated as error:
                self._outdated(error.files)
                await self.replace()
            else:
                self.written |= child.written
                child.written = self.written
                return child
        raise ZygoteLost("files keep changing while it reads them")

    async def replace(self) -> None:
        """Make another one; the old one ends with its last child."""
        old, self._zygote = self._zygote, await self._make()
        if old is not None:
            old.retire()
        if self.debugged:
            self._zygote.preload_debugger()

    def preload_debugger(self) -> None:
        """Have the debugger's modules in every process from now on."""
        if self._zygote is not None:
            self._zygote.preload_debugger()

    async def end(self) -> None:
        """End it, and every child that is left."""
        if self._zygote is not None:
            await self._zygote.end()
