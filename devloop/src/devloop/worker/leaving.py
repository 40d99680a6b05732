"""The end of a worker: what was registered for it runs, and what it has started does not outlive it."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from devloop.processes import descendants, signal_all

#: What one registered function may take.
_HANDLER_SECONDS = 2.0
#: What programs and processes that the application has started may take to end when they are asked to.
_CHILDREN_SECONDS = 1.0


class TooLong(BaseException):
    """Not an error that the interrupted function could take for one of its own."""


def leave(code: int) -> NoReturn:
    """Run what was registered with ``atexit``, end what this process has started, and end."""
    try:
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, _HANDLER_SECONDS, _HANDLER_SECONDS)
        with suppress(TooLong):  # pools of processes end here, as do threads that a plain Python would wait for
            threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        signal.setitimer(signal.ITIMER_REAL, 0)
        _end_children()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def let_children_end() -> None:
    """Have processes that the application forks end at a signal that ends processes.

    They inherit the server's handlers, which only record the signal for a server that does not run there: a process that waits for them to
    end would wait indefinitely, as ``multiprocessing`` does for daemon processes.
    """
    os.register_at_fork(after_in_child=_forget_server)


def _forget_server() -> None:
    import uvicorn

    for number in (signal.SIGTERM, signal.SIGINT):
        if isinstance(getattr(signal.getsignal(number), "__self__", None), uvicorn.Server):
            signal.signal(number, signal.SIG_DFL)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TooLong(f"what was registered with atexit took longer than {_HANDLER_SECONDS:g} s")


def _end_children() -> None:
    started = descendants(os.getpid())
    signal_all(started, signal.SIGTERM)
    deadline = time.monotonic() + _CHILDREN_SECONDS
    while started and time.monotonic() < deadline:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        living = set(descendants(os.getpid()))
        started = [pid for pid in started if pid in living]
        time.sleep(0.01)
    signal_all(started, signal.SIGKILL)
