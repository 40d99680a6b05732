"""Processes that end with their parent, however it ended. On Linux only; elsewhere nothing happens."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def ending_with(parent: int, death_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return a function whose process gets the signal when ``parent``, its parent, ends: for ``preexec_fn``, or to be called at once.

    The C library is loaded here: between fork and exec, nothing may be imported or allocated that needs a lock.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return follow
