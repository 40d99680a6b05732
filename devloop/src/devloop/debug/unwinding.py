"""Makes exceptions cheap again in a process that is debugged.

An editor's default is to stop at uncaught exceptions. For that debugpy looks at every exception that leaves a function: it walks the whole
stack and takes each frame's file name apart, which costs 0.1 ms below a web framework, several times in a request, also where nothing is
uncaught. Here the names are taken apart once each. A release of debugpy that does it otherwise has nothing to find here, and is left alone.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from os.path import basename, splitext

_MODULES = ("_pydevd_sys_monitoring._pydevd_sys_monitoring_cython", "_pydevd_sys_monitoring._pydevd_sys_monitoring")
_FILES = 1 << 14  # more than any program has loaded


@lru_cache(maxsize=_FILES)
def _stem(path: str) -> tuple[str]:
    return (splitext(basename(path))[0],)  # noqa: PTH119, PTH122 - names like "<frozen os>" are not paths


def remember_file_names() -> bool:
    """Patch debugpy's server when it is imported. Return whether its walk over the stack was found."""
    found = False
    for name in _MODULES:
        module = sys.modules.get(name)
        if module is not None and vars(module).get("basename") is basename and vars(module).get("splitext") is splitext:
            # the only use there is `splitext(basename(path))[0]`
            vars(module).update(basename=_stem, splitext=tuple)
            found = True
    return found
