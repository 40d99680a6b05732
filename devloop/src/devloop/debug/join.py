"""How a worker becomes part of the debug session."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass

from devloop.debug.lifetime import hide_from_debugger
from devloop.debug.programs import debug_programs_only_in_session, prepare_programs
from devloop.debug.unwinding import remember_file_names
from devloop.debug.waking import wake_for_everything
from devloop.log import say

_tried = threading.Event()


@dataclass(frozen=True, slots=True)
class JoinAddress:
    """What a worker needs to join the session: where the adapter listens for debuggees, and the process id that the anchor tells."""

    host: str
    port: int
    parent_pid: int


def join(address: JoinAddress, *, timeout: float) -> bool:
    """Let this process be debugged in the session at ``address``. Return True when the editor has sent its breakpoints.

    Returns False, and logs why, if that has not happened after `timeout` seconds or cannot happen. An editor that answers later than
    that still gets the process. debugpy can connect once in the life of a process, so a second call always returns False.

    To be called while a worker imports, in a thread of its own: debugpy by itself takes a few hundred milliseconds to import.
    """
    if _tried.is_set():
        say("this process has been in a debug session before and cannot join another one; a fresh process can")
        return False
    _tried.set()
    connecting = _Connecting(address)
    connecting.start()
    connecting.join(timeout)
    if connecting.is_alive():
        say(f"the editor has not sent its breakpoints within {timeout:g} s: process {os.getpid()} goes on without them until it does")
    elif connecting.error is not None:
        say(f"process {os.getpid()} is not debugged: {connecting.error}")
    return not connecting.is_alive() and connecting.error is None


class _Connecting(threading.Thread):
    """The call that waits for the editor, in a thread that can be left behind."""

    def __init__(self, address: JoinAddress) -> None:
        super().__init__(name="debugpy-connect", daemon=True)
        hide_from_debugger(self)
        self._address = address
        self.error: OSError | ImportError | None = None

    def run(self) -> None:
        # debugpy warns about frozen modules, here and in every process that this one starts
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        hook = sys.breakpointhook
        try:
            import debugpy  # noqa: T100
            import debugpy.server.api  # loads what is looked for below

            sys.breakpointhook = hook  # debugpy's, which its import has installed, needs an editor
            remember_file_names()
            wake_for_everything()
            debug_programs_only_in_session()
            prepare_programs()
            debugpy.connect((self._address.host, self._address.port), parent_session_pid=self._address.parent_pid)
            if not os.environ.get("PYTHONBREAKPOINT"):  # that names another debugger, or none
                sys.breakpointhook = debugpy.breakpoint  # the hook of its import would stop in `waking`, the first code that it traces
        except (OSError, ImportError) as error:
            self.error = error
