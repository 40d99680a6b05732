"""Prepares a Python program that a debugged worker starts, before any code of its own runs. Only debugpy imports this module.

debugpy imports one module of our choice while it sets up its debugger (``programs.prepare_programs`` names this one). It does what
debugpy's default does, and fixes two things: a thread that is stopped at a breakpoint is woken for every command (see ``waking``), and a
program whose session is over before it has begun runs, while debugpy would let it wait indefinitely for an editor that has disconnected.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from devloop.debug.programs import prepare_programs
from devloop.debug.waking import wake_for_everything

#: debugpy's server in a program: run as the program that runs it, or imported by it.
_SERVERS = ("__main__", "pydevd")


def run_when_the_session_is_over(server: str) -> bool:
    """Patch the end of a session in this module, debugpy's server. Return whether the place to patch was found."""
    debugger = getattr(sys.modules.get(server), "PyDB", None)
    end: Callable[..., None] | None = getattr(debugger, "dispose_and_kill_all_pydevd_threads", None)
    if debugger is None or end is None:
        return False

    def dispose_and_kill_all_pydevd_threads(self: object, *arguments: object, **named: object) -> None:
        vars(self)["ready_to_run"] = True  # what the program's first thread waits for
        end(self, *arguments, **named)

    debugger.dispose_and_kill_all_pydevd_threads = dispose_and_kill_all_pydevd_threads
    return True


def _import_debugpy() -> None:
    """Import debugpy, if necessary from the server's installation: the program's interpreter may be another one, without it."""
    bundle = sys.modules["_pydevd_bundle"].__file__
    packages = str(Path(bundle or "").resolve().parents[4])
    sys.path.insert(0, packages)
    try:
        importlib.import_module("debugpy._vendored.force_pydevd")
    finally:
        sys.path.remove(packages)


_import_debugpy()
prepare_programs()  # those that this one starts; debugpy has just put its own choice there
for _server in _SERVERS:
    wake_for_everything(_server)
    run_when_the_session_is_over(_server)
