"""Becoming part of a debugger's session: before the application starts, or while it runs."""

from __future__ import annotations

import threading
from functools import partial

from devloop.channel import Channel
from devloop.debug.lifetime import hide_from_debugger
from devloop.messages import Join, Joined

#: How long an editor that does not respond may delay a start.
START_SECONDS = 5.0
#: How long joining may take while it does not block anything.
RUNNING_SECONDS = 120.0


def join_before_start(message: Join, channel: Channel, *, patience: float = START_SECONDS) -> None:
    """Return when the breakpoints are set, so that imports and start-up hit them as well."""
    from devloop.debug.join import JoinAddress, join

    channel.send(Joined(join(JoinAddress(message.host, message.port, message.parent), timeout=patience)))


def join_while_running(message: Join, channel: Channel) -> None:
    """Join the debugger while still working, in a thread that the debugger ignores."""
    joining = partial(join_before_start, message, channel, patience=RUNNING_SECONDS)
    thread = threading.Thread(target=joining, name="join debugger", daemon=True)
    hide_from_debugger(thread)
    thread.start()
