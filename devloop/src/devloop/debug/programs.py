"""Has a program debugged that a worker starts while an editor is attached to that worker, and lets every other one run.

debugpy changes a program's arguments so that it joins the session, from a moment on in which it does not know yet where the session is. One
that another thread starts in that moment would wait at a port of its own, for ever and open to everybody, for a debugger that knows nothing
of it; a fork of the process would fail. And debugpy goes on with it when the session is over: then a program ends before its first
line, because nobody answers where it is to join.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def debug_programs_only_in_session() -> bool:
    """To be called when debugpy's server is imported, before it connects. Whether the place was found where debugpy decides it.

    That is one question for every way to start a program, and for a fork.
    """
    in_session: Callable[[], bool] | None = getattr(sys.modules.get("debugpy"), "is_client_connected", None)
    monkey = sys.modules.get("_pydev_bundle.pydev_monkey")
    wanted: Callable[[], bool] | None = getattr(monkey, "_get_apply_arg_patching", None)
    if in_session is None or monkey is None or wanted is None:
        return False

    def wanted_in_session() -> bool:
        return in_session() and wanted()

    vars(monkey).update(_get_apply_arg_patching=wanted_in_session)
    return True


def prepare_programs() -> bool:
    """Have `started` imported in the programs that are debugged. Whether the place was found where debugpy keeps what it imports there."""
    customization = getattr(sys.modules.get("_pydevd_bundle.pydevd_defaults"), "PydevdCustomization", None)
    if customization is None or not hasattr(customization, "PREIMPORT"):
        return False
    customization.PREIMPORT = f"{_CHECKOUT};devloop.debug.started"
    return True
