"""Becoming part of a debugger's session: before the application starts, or while it runs."""

from __future__ import annotations

import threading

from devloop.channel import Channel
from devloop.messages import Join, Joined

#: How long an editor that does not answer may hold up a start.
JOIN_SECONDS = 5.0


def join_before_start(message: Join, channel: Channel) -> None:
    """Come back when the breakpoints hold, so that they are met by imports and start-up as well."""
    from devloop.debug.join import JoinAddress, join

    channel.send(Joined(join(JoinAddress(message.host, message.port, message.parent), timeout=JOIN_SECONDS)))


def join_while_running(message: Join, channel: Channel) -> None:
    """The same without stopping to work: in a thread of its own, which the debugger does not look at."""
    thread = threading.Thread(target=join_before_start, args=(message, channel), name="join debugger", daemon=True)
    for name in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        setattr(thread, name, True)
    thread.start()
