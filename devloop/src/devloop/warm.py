"""The warm processes: they have imported everything that does not depend on the files that are likely to be edited next."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from devloop.messages import Prepared
from devloop.modules import ImportGraph, newest
from devloop.nursery import Child

#: So many of the files edited last are expected to be edited next,
_HOT_FILES = 3
#: of so many that are remembered,
_REMEMBERED = 8
#: as long as this share of all modules does not depend on them.
_SHARE = 0.5
#: An application with fewer modules has only one process, because another one costs more memory (25 MB) than it saves time.
_MANY_MODULES = 200
#: A module that at most so many others depend on is a leaf, such as a router and what only that router imports.
_LEAF_USERS = 2
#: A module that is not to be imported ahead is found by trying, and the next process may find another one.
_MOST_ATTEMPTS = 5
#: An import that takes longer may hang; a process that runs the same import in its turn shows where.
_IMPORT_SECONDS = 30.0


class _For(Enum):
    """The edits for which a process is made, the most useful one first."""

    LEAF = "files that few others depend on, and the files edited last"
    RECENT = "the files edited last: less is left to import"


@dataclass
class _Ahead:
    """A process that imports these modules, or has imported them."""

    child: Child
    modules: list[str]
    files: set[str]

    async def imported(self) -> bool:
        """Wait until everything is imported, or until it is certain that this will not be."""
        return await self.child.until(lambda: self.child.is_warm or self.child.unkept is not None, within=_IMPORT_SECONDS)

    @property
    def ready(self) -> bool:
        return self.child.is_warm and not self.child.ended


class WarmProcesses:
    """At most one for each kind of edit. ``entry`` is the module that everything begins with."""

    def __init__(
        self, entry: str, fork: Callable[[list[str]], Awaitable[Child]], *, wanted: bool, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._entry = entry
        self._fork = fork
        self._wanted = wanted
        self._say = say
        self._graph = ImportGraph()
        self._edited: list[str] = []  # the last one first
        self._ahead: dict[_For, _Ahead] = {}
        self._unkept: set[str] = set()
        self.misfit = ""  # why the process was not used the last time
        self._none = "there was none yet"
        self._logged: set[tuple[str, str]] = set()

    def learn(self, modules: Sequence[tuple[str, str]], ordered: Collection[str] = (), never: Mapping[str, str] | None = None) -> None:
        """Record names and files of the application's modules that a running process has loaded.

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
        """Start those that are missing, for the edits that follow an edit of these files."""
        if not self._wanted:
            return
        known = self._graph.files
        self._edited = [file for file in dict.fromkeys([*files, *self._edited]) if file in known][:_REMEMBERED]
        for kind in _For:
            for _ in range(_MOST_ATTEMPTS):
                if await self._made(kind):
                    break

    async def _made(self, kind: _For) -> bool:
        """Start one, unless it is there; false when another attempt is to be made, with other modules."""
        modules = self._modules()[kind]
        if kind is _For.RECENT:
            changes = self._entry in self._graph.ordered
            why = f"{self._entry} changes the environment" if changes else "most modules depend on the files edited last"
            self._none = "there was none yet" if modules else why
        ahead = self._ahead.get(kind)
        if ahead is None or ahead.child.ended or ahead.modules != modules:
            await self._drop(kind)
            if not modules:
                return True
            files = {file for name, file in self._graph.modules if name in modules}
            ahead = self._ahead[kind] = _Ahead(await self._fork(modules), modules, files)
        await ahead.imported()
        unkept = ahead.child.unkept
        if unkept is None:
            return True
        del self._ahead[kind]
        self._log_unkept(unkept.module, unkept.what)
        self._unkept.add(unkept.module)
        self._graph.never.add(unkept.module)
        return False

    def _modules(self) -> dict[_For, list[str]]:
        """Choose what to import: all but what depends on the files edited last, and on those last written while the loop did not run.

        A file that most modules depend on is left out of that: without them the process would be of no use for any edit. For the edit of
        another leaf, no leaf is imported either.
        """
        enough = len(self._graph.modules) * _SHARE
        hot: list[str] = []
        recent: list[str] = []
        for file in (*self._edited, *newest(self._graph.files, _REMEMBERED)):
            if len(hot) == _HOT_FILES or (hot and file not in self._edited):
                break
            rest = self._graph.independent([*hot, file], self._entry)
            if len(rest) >= enough:
                hot, recent = [*hot, file], rest
        return {_For.RECENT: recent, _For.LEAF: self._modules_without_leaves(hot)}

    def _modules_without_leaves(self, hot: list[str]) -> list[str]:
        count = len(self._graph.modules)
        if count < _MANY_MODULES:
            return []
        rest = self._graph.independent({*hot, *self._graph.leaves(_LEAF_USERS)}, self._entry)
        return rest if len(rest) >= count * _SHARE else []

    async def take(self, files: Collection[str]) -> Child | None:
        """Return a process, which waits for ``Run``, if one fits: it has none of these modules, and no import was added or removed.

        One that is still importing is waited for: what it has left to import is less than a process from the zygote would have. Those that
        do not fit are ended. Whether everything that they have read is still on the disk, they find out themselves at ``Run``.
        """
        changed = set(files)
        self.misfit = self._misfit_of_edit(changed) if self._ahead else self._none if self._wanted else "--no-warm is set"
        if self.misfit:
            await self.drop()
            return None
        for kind, ahead in list(self._ahead.items()):
            if misfit := self._misfit(ahead, changed):
                self.misfit = misfit
                await self._drop(kind)
        for ready in (True, False):
            for kind in (_For.RECENT, _For.LEAF):
                found = self._ahead.get(kind)
                if found is not None and (ready or await found.imported()) and found.ready and not self._misfit(found, changed):
                    self.misfit = ""
                    return self._ahead.pop(kind).child
        for ahead in self._ahead.values():
            self.misfit = self._misfit(ahead, changed) or f"it was still importing after {_IMPORT_SECONDS:g} s"
        await self.drop()
        return None

    def _misfit(self, ahead: _Ahead, changed: set[str]) -> str:
        """Say why this process cannot be used for an edit of these files; nothing while that may be possible."""
        if ahead.child.ended:
            return "the process had ended"
        held = sorted(changed & ahead.files) or [file for _, file in ahead.child.warm_modules or () if file in changed]
        if not held:
            return ""
        name = {file: name for name, file in self._graph.modules}.get(held[0], held[0])
        return f"{name} had been imported ahead, because it was not one of the files edited last"

    def _misfit_of_edit(self, changed: set[str]) -> str:
        """Say what in this edit no process with anything in memory can be used for."""
        names = {file: name for name, file in self._graph.modules}
        if not changed:
            return "no file of the application was edited"
        if new := sorted(changed - self._graph.files):
            return f"{os.path.basename(new[0])} is not a module that was loaded"  # noqa: PTH119
        if gone := [file for file in sorted(changed) if not os.path.exists(file)]:  # noqa: PTH110
            return f"{names[gone[0]]} was removed"
        return "an import was added or removed" if self._graph.imports_changed(changed) else ""

    def importers(self, files: Collection[str]) -> tuple[str, int, int] | None:
        """Return the edited module that most modules depend on, how many these are, and how many there are at all."""
        counts = [(len(self._graph.reaching({name})) - 1, name) for name, file in self._graph.modules if file in files]
        return (max(counts)[1], max(counts)[0], len(self._graph.modules)) if counts else None

    def removed_imports(self, files: Collection[str]) -> set[str]:
        """Return what the application imported before these files were edited, but no longer does."""
        return self._graph.removed(files)

    def holds_for(self, preparation: Prepared) -> bool:
        """Check that the environment was only changed by the modules for which the order of imports was determined."""
        return set(preparation.changers) <= self._graph.ordered

    @property
    def ready(self) -> bool:
        """Whether the one for the files edited last waits."""
        return _For.RECENT in self._ahead and self._ahead[_For.RECENT].ready

    async def drop(self) -> None:
        """End all of them."""
        for kind in _For:
            await self._drop(kind)

    async def _drop(self, kind: _For) -> None:
        ahead = self._ahead.pop(kind, None)
        if ahead is not None:
            await ahead.child.kill()
