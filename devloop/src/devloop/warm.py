"""The warm process: it has imported everything that does not depend on the files that are likely to be edited next."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Sequence

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
#: An import that takes longer may hang; a process that runs the same import in its turn shows where.
_IMPORT_SECONDS = 30.0


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
        self._asked: set[str] = set()  # the files of the modules that it imports
        self._unkept: set[str] = set()
        self.misfit = ""  # why the process was not used the last time
        self._none = "there was none yet"

    def learn(self, modules: Sequence[tuple[str, str]], ordered: Collection[str] = (), never: Collection[str] = ()) -> None:
        """What a running process has loaded: names and files of the application's modules.

        ``ordered`` are modules before which nothing may be imported that comes after them, ``never`` those that are not imported ahead.
        """
        self._graph.update(modules)
        self._graph.ordered = frozenset(ordered)
        self._graph.never = self._unkept | set(never)

    async def make(self, files: Collection[str]) -> None:
        """A new one, for the edits that follow an edit of these files."""
        await self.drop()
        if not self._wanted:
            return
        known = self._graph.files
        self._edited = [file for file in dict.fromkeys([*files, *self._edited]) if file in known][:_REMEMBERED]
        for _ in range(_MOST_ATTEMPTS):
            modules = self._modules()
            self._none = "there was none yet" if modules else "most modules depend on the files edited last"
            if not modules:
                return
            self._asked = {file for name, file in self._graph.modules if name in modules}
            child = self._child = await self._fork(modules)
            await child.until(lambda child=child: child.is_warm or child.unkept is not None)  # type: ignore[misc]
            if child.unkept is None:
                return
            self._child = None
            self._say(f"{child.unkept.module} {child.unkept.what} when it is imported, so it is not imported ahead of an edit")
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
        """Return the process, which waits for ``Run``, if it fits: it has none of these modules, and no import was added or removed.

        One that is still importing is waited for: what it has left to import is less than a process from the zygote would have. If it does
        not fit, it is ended. Whether everything that it has read is still on the disk, it finds out itself at ``Run``.
        """
        self.misfit = await self._misfit(set(files))
        if self.misfit:
            await self.drop()
            return None
        child, self._child = self._child, None
        return child

    async def _misfit(self, changed: set[str]) -> str:
        """Say why the process cannot be used for an edit of these files; nothing when it can."""
        child = self._child
        if child is None:
            return self._none if self._wanted else "--no-warm is set"
        if misfit := self._misfit_of_edit(changed):
            return misfit
        if not await child.until(lambda: child.is_warm or child.unkept is not None, within=_IMPORT_SECONDS):
            return "the process had ended" if child.ended else f"it was still importing after {_IMPORT_SECONDS:g} s"
        if ahead := [name for name, file in child.warm_modules or () if file in changed]:
            return _ahead(ahead[0])
        return "" if self.ready else "the process had ended"

    def _misfit_of_edit(self, changed: set[str]) -> str:
        """Say what in this edit no process with anything in memory can be used for."""
        names = {file: name for name, file in self._graph.modules}
        if not changed:
            return "no file of the application was edited"
        if new := sorted(changed - self._graph.files):
            return f"{os.path.basename(new[0])} is not a module that was loaded"  # noqa: PTH119
        if ahead := sorted(changed & self._asked):
            return _ahead(names[ahead[0]])
        if gone := [file for file in sorted(changed) if not os.path.exists(file)]:  # noqa: PTH110
            return f"{names[gone[0]]} was removed"
        return "an import was added or removed" if self._graph.imports_changed(changed) else ""

    def importers(self, files: Collection[str]) -> tuple[str, int, int] | None:
        """Return the edited module that most modules depend on, how many these are, and how many there are at all."""
        counts = [(len(self._graph.reaching({name})) - 1, name) for name, file in self._graph.modules if file in files]
        return (max(counts)[1], max(counts)[0], len(self._graph.modules)) if counts else None

    def removed_imports(self, files: Collection[str]) -> set[str]:
        """What the application imported before these files were edited, and does not any more."""
        return self._graph.removed(files)

    def holds_for(self, preparation: Prepared) -> bool:
        """Whether no other modules have changed the environment than those that the order of imports was made for."""
        return set(preparation.changers) <= self._graph.ordered

    @property
    def ready(self) -> bool:
        """Whether there is one that waits."""
        return self._child is not None and self._child.is_warm and not self._child.ended

    async def drop(self) -> None:
        """End it."""
        child, self._child = self._child, None
        if child is not None:
            await child.kill()


def _ahead(module: str) -> str:
    return f"{module} had been imported ahead, because it was not one of the files edited last"
