"""A running worker joins the debugger's session without stopping to work."""

from __future__ import annotations

import threading

from devloop.messages import Join
from devloop.worker.run import JOIN_SECONDS


def join_in_thread(message: Join) -> None:
    """In a thread of its own, which the debugger does not look at."""
    thread = threading.Thread(target=_join, args=(message,), name="join debugger", daemon=True)
    for name in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        setattr(thread, name, True)
    thread.start()


def _join(message: Join) -> None:
    from devloop.debug.join import JoinAddress, join

    join(JoinAddress(message.host, message.port, message.parent), timeout=JOIN_SECONDS)
