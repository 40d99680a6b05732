"""Which files and modules are the application's own, and which are others'."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache

#: Modules of the debugger join and leave with it.
_DEBUGGER = ("debugpy", "pydevd", "_pydev", "_pydevd", "pydev")
#: Installed packages, wherever the environment lies: it may well lie in the application's own folder.
INSTALLED = ("/site-packages/", "/dist-packages/")


class Own:
    """The application's folders: the one that is imported from and those that are watched, wherever they lie."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = [f"{folder.rstrip('/')}/" for folder in dict.fromkeys(folders)]
        self._below = cache(self._is_below)

    def has(self, file: str) -> bool:
        """Return true for a file in one of the folders, also through a link, that is not a part of an installed package."""
        folder, _, _ = file.rpartition("/")
        return self._below(f"{folder}/")

    def _is_below(self, folder: str) -> bool:
        return any(
            place.startswith(own) and not any(installed in place[len(own) - 1 :] for installed in INSTALLED)
            for place in (folder, f"{os.path.realpath(folder)}/")
            for own in self.folders
        )


def own_modules(own: Own, order: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return names and files of the application's modules, in the order in which their imports began.

    ``sys.modules`` has them in the order in which they ended; names that ``order`` does not have stay in that one.
    """
    found = []
    place = cache(os.path.realpath)  # not kept: links change
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and own.has(file) and not is_ours(name):
            folder, _, last = file.rpartition("/")
            found.append((name, f"{place(folder)}/{last}"))
    begun = {name: number for number, name in enumerate(order)}
    return sorted(found, key=lambda pair: begun.get(pair[0], len(begun)))


def other_modules(before: frozenset[str], own: list[tuple[str, str]]) -> list[str]:
    """Return modules that were imported since ``before`` and do not belong to the application."""
    mine = {name for name, _ in own}
    return [
        name
        for name, module in list(sys.modules.items())
        if name not in before
        and name not in mine
        and getattr(module, "__spec__", None) is not None
        and not name.startswith(_DEBUGGER)
        and not is_ours(name)
    ]


def is_ours(name: str) -> bool:
    """Check that the module belongs to the loop itself, which is not reloaded."""
    return name == "__main__" or name.split(".")[0] == "devloop"
