"""The first lines of the log: the URL, what is watched and what is preloaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from devloop.options import Options

#: More names than these are counted.
_MOST_NAMED = 6


def welcome(options: Options, bound: tuple[str, int], modules: Sequence[str]) -> str:
    """Return the lines. ``bound`` is where the socket really listens, ``modules`` is what the zygote imports."""
    host = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    watched = ", ".join(os.path.relpath(folder) for folder in options.watch)
    return "\n".join(
        (
            f"devloop: running on http://{host}:{bound[1]} (press Ctrl-C to quit)",
            f"devloop: watching {'this folder' if watched == '.' else watched}; preloading {_packages(modules)}",
        )
    )


def _packages(modules: Sequence[str]) -> str:
    """Name the packages among these modules, without Python's own and this one."""
    tops = dict.fromkeys(name.partition(".")[0] for name in modules)
    names = [name for name in tops if name not in sys.stdlib_module_names and not name.startswith(("_", "devloop"))]
    if len(names) < 2:  # the server alone: this is the first start here
        return f"{', '.join(names)} (the next start also preloads the packages that the application imports)"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
