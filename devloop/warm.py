"""The warm process: it has imported everything that does not depend on the files that are likely to be edited next."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from devloop.modules import ImportGraph, newest
from devloop.nursery import Child

#: So many of the files edited last are expected to be edited next,
_HOT_FILES = 3
#: of so many that are remembered,
_REMEMBERED = 8
#: as long as this share of all modules does not depend on them.
_SHARE = 0.5


class WarmProcess:
    """At most one, with the knowledge of which edits it fits. ``entry`` is the module that everything begins with."""

    def __init__(self, entry: str, fork: Callable[[list[str]], Awaitable[Child]], *, wanted: bool) -> None:
        self._entry = entry
        self._fork = fork
        self._wanted = wanted
        self._graph = ImportGraph()
        self._edited: list[str] = []  # the last one first
        self._child: Child | None = None

    def learn(self, modules: Sequence[tuple[str, str]]) -> None:
        """What a running process has loaded: names and files of the application's modules."""
        self._graph.update(modules)

    async def make(self, files: Collection[str]) -> None:
        """A new one, for the edits that follow an edit of these files."""
        await self.drop()
        if not self._wanted:
            return
        known = self._graph.files
        self._edited = [file for file in dict.fromkeys([*files, *self._edited]) if file in known][:_REMEMBERED]
        modules = self._modules()
        if modules:
            self._child = await self._fork(modules)

    def _modules(self) -> list[str]:
        """What to import: all but what depends on the files edited last, and on those last written while nobody looked.

        A file that most modules depend on is left out of that: without them the process would be of no use for any edit.
        """
        enough = len(self._graph.modules) * _SHARE
        hot: list[str] = []
        modules: list[str] = []
        for file in (*self._edited, *newest(self._graph.files, _REMEMBERED)):
            if len(hot) == _HOT_FILES or (hot and file not in self._edited):
                break
            rest = self._graph.independent([*hot, file], self._entry)
            if len(rest) >= enough:
                hot, modules = [*hot, file], rest
        return modules

    async def take(self, files: Collection[str]) -> Child | None:
        """The process, which waits for ``Run``, if it fits: it holds nothing of what has changed, and no import was added or removed.

        Otherwise it is ended, and ``None``.
        """
        child, changed = self._child, set(files)
        if child is None:
            return None
        fits = (
            child.warm_modules is not None
            and not child.ended
            and bool(changed)
            and changed <= self._graph.files
            and not changed & {file for _, file in child.warm_modules}
            and all(map(os.path.exists, changed))
            and not self._graph.imports_changed(changed)
        )
        if not fits:
            await self.drop()
            return None
        self._child = None
        return child

    async def drop(self) -> None:
        """End it."""
        child, self._child = self._child, None
        if child is not None:
            await child.kill()


def forget_bytecode(files: Collection[str]) -> None:
    """Python believes compiled code when size and second of the source agree: two quick edits of equal size would deceive it.

    Raises:
        OSError: compiled code is there and cannot be removed, so that old code could be run as new.
    """
    for file in files:
        if file.endswith(".py"):
            try:
                compiled = Path(importlib.util.cache_from_source(file))
            except NotImplementedError:  # this Python keeps none
                return
            compiled.unlink(missing_ok=True)
