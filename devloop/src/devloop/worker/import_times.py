"""How long each module's own code took to be imported, without the modules that it imports in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from threading import get_ident
from types import ModuleType

from devloop.worker.own import Own

#: So many are reported.
_MOST_NAMED = 8


class ImportTimes:
    """Measures the imports of one thread between ``begin`` and ``end``."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str, float]] = []  # name, file, seconds
        self._inner = [0.0]  # of each import that is going on: the time of those that it has caused
        self._patched = False

    def begin(self) -> None:
        """Stand between the import system and the code of modules."""
        SourceFileLoader.exec_module = self._measured(SourceFileLoader.exec_module)  # type: ignore[assignment]
        self._patched = True

    def end(self) -> None:
        """Measure nothing more."""
        if self._patched:
            self._patched = False
            del SourceFileLoader.exec_module  # the one that it has inherited shows again

    def slowest(self, own: Own) -> list[tuple[str, float]]:
        """Return the application's modules, and packages as a whole, that took most milliseconds."""
        sums: dict[str, float] = {}
        for name, file, seconds in self._found:
            shown = name if own.has(file) else f"{name.partition('.')[0]} (package)"
            sums[shown] = sums.get(shown, 0.0) + seconds * 1000
        most = sorted(sums.items(), key=lambda pair: -pair[1])[:_MOST_NAMED]
        return [(name, round(milliseconds, 1)) for name, milliseconds in most]

    def _measured(self, execute: Callable[[SourceFileLoader, ModuleType], None]) -> Callable[[SourceFileLoader, ModuleType], None]:
        found, inner, thread = self._found, self._inner, get_ident()

        def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
            if get_ident() != thread:
                execute(loader, module)
                return
            begun = time.perf_counter()
            inner.append(0.0)
            try:
                execute(loader, module)
            finally:
                taken = time.perf_counter() - begun
                found.append((module.__name__, loader.path, taken - inner.pop()))
                inner[-1] += taken

        # Python and debuggers leave the import system's frames out of what they show: this one is to be left out as well.
        exec_module.__code__ = exec_module.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
        return exec_module
