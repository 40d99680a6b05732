"""How the adapter ends with the supervisor, and what the editor is not to see of it."""

from __future__ import annotations

import os
import signal
import threading
from typing import BinaryIO


def ignore_terminal_signals() -> None:
    """Ignore Ctrl+C, which reaches every process of the terminal: the supervisor decides when this one ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def end_with_pipe(pipe: BinaryIO) -> threading.Thread:
    """Start a thread that ends this process at once when the other end of ``pipe`` is closed; a caller with no other work joins it."""

    def wait() -> None:
        while pipe.read(4096):
            pass
        os._exit(0)

    thread = threading.Thread(target=wait, name="end-with-pipe", daemon=True)
    hide_from_debugger(thread)
    thread.start()
    return thread


def hide_from_debugger(thread: threading.Thread) -> None:
    """Keep the thread out of the editor's list and out of the trace. These two names are debugpy's own convention for that."""
    vars(thread).update(pydev_do_not_trace=True, is_pydev_daemon_thread=True)
