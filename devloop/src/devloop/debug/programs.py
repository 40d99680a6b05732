"""Lets programs be debugged that a worker starts while an editor is attached to it, and leaves all others alone.

debugpy changes a program's arguments so that it joins the session, even before it knows the address of the session. A program that another
thread starts at that moment would wait indefinitely, on a public port, for a debugger that does not know about it; a fork of
the process would fail. And debugpy continues to do so when the session is over: then a program ends before its first line, because the
session that it should join does not respond.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def debug_programs_only_in_session() -> bool:
    """Patch debugpy's server when it is imported, before it connects. Return whether the place to patch was found.

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
