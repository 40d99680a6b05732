"""The warm process: it has imported everything that does not depend on the files that are likely to be edited next."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path

from devloop.messages import Prepared
from devloop.modules import ImportGraph, newest
from devloop.nursery import Child

#: So many of the files edited last are expected to be edited next,
_HOT_FILES = 3
#: of so many that are remembered,
_REMEMBERED = 8
#: as long as this share of all modules does not depend on them.
_SHARE = 0.5
#: A module that is not to be imported ahead is found by trying, and the next process may find another one.
_MOST_ATTEMPTS = 5


class WarmProcess:
    """At most one, with the knowledge of which edits it fits. ``entry`` is the module that everything begins with."""

    def __init__(
        self, entry: str, fork: Callable[[list[str]], Awaitable[Child]], *, wanted: bool, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._entry = entry
        self._fork = fork
        self._wanted = wanted
        self._say = say
        self._graph = ImportGraph()
        self._edited: list[str] = []  # the last one first
        self._child: Child | None = None
        self._unkept: set[str] = set()
        self._logged: set[tuple[str, str]] = set()

    def learn(self, modules: Sequence[tuple[str, str]], ordered: Collection[str] = (), never: Mapping[str, str] | None = None) -> None:
        """What a running process has loaded: names and files of the application's modules.

        ``ordered`` are modules before which nothing may be imported that comes after them, ``never`` those that are not imported ahead,
        with what they do instead of only defining something.
        """
        self._graph.update(modules)
        self._graph.ordered = frozenset(ordered)
        for module, what in (never or {}).items():
            if module:  # not what is done later than at an import
                self._log_unkept(module, what)
        self._graph.never = self._unkept | set(never or ())

    def _log_unkept(self, module: str, what: str) -> None:
        """Log it once: it explains why an edit takes longer than another."""
        if (module, what) not in self._logged:
            self._logged.add((module, what))
            self._say(f"{module} {what} when it is imported, so it is not imported ahead of an edit")

    async def make(self, files: Collection[str]) -> None:
        """A new one, for the edits that follow an edit of these files."""
        await self.drop()
        if not self._wanted:
            return
        known = self._graph.files
        self._edited = [file for file in dict.fromkeys([*files, *self._edited]) if file in known][:_REMEMBERED]
        for _ in range(_MOST_ATTEMPTS):
            modules = self._modules()
            if not modules:
                return
            child = self._child = await self._fork(modules)
            await child.until(lambda child=child: child.warm_modules is not None or child.unkept is not None)  # type: ignore[misc]
            if child.unkept is None:
                return
            self._child = None
            self._log_unkept(child.unkept.module, child.unkept.what)
            self._unkept.add(child.unkept.module)
            self._graph.never.add(child.unkept.module)

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
        """The process, which waits for ``Run``, if it fits: it has none of these modules, and no import was added or removed.

        Otherwise it is ended, and ``None``. Whether everything that it has read is still on the disk, it finds out itself at ``Run``.
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

    def removed_imports(self, files: Collection[str]) -> set[str]:
        """What the application imported before these files were edited, and does not any more."""
        return self._graph.removed(files)

    def holds_for(self, preparation: Prepared) -> bool:
        """Whether no other modules have changed the environment than those that the order of imports was made for."""
        return set(preparation.changers) <= self._graph.ordered

    @property
    def ready(self) -> bool:
        """Whether there is one that waits."""
        return self._child is not None and self._child.warm_modules is not None and not self._child.ended

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
