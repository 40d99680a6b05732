"""Processes that end when their parent does, however the parent ended. Linux only; elsewhere nothing happens."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> Callable[[], None]:
    """Return a function for a new child (``preexec_fn``): SIGTERM will reach it when the calling process dies, by kill -9 too."""
    if sys.platform != "linux":
        return lambda: None
    # Looked up here and not in the child: between fork and exec nothing may be imported or allocated that needs a lock.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return in_child


def die_with_parent() -> None:
    """Have SIGTERM sent to this process when its parent ends; end at once when that has happened already."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)


def end_with_make() -> None:
    """Have SIGTERM sent to this process when ``make`` started it and is killed."""
    if os.environ.get("MAKELEVEL"):
        die_with_parent()
