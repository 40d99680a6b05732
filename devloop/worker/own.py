"""Which modules in memory are the application's own, and which are others'."""

from __future__ import annotations

import sys

#: Modules of the debugger join and leave with it.
_DEBUGGER = ("debugpy", "pydevd", "_pydev", "_pydevd", "pydev")


def own_modules(root: str) -> list[tuple[str, str]]:
    """Names and files of the modules below ``root``, in the order in which they were imported."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and file.startswith(root + "/") and "/site-packages/" not in file and not is_ours(name):
            found.append((name, file))
    return found


def other_modules(before: frozenset[str], own: list[tuple[str, str]]) -> list[str]:
    """Modules that were imported since ``before`` and are not the application's."""
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
    """Whether the module is a part of the loop itself, which is not reloaded."""
    return name == "__main__" or name.split(".")[0] == "devloop"
