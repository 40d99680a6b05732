"""The terminal that this program was started from: whether it is ours, and whether it is still there."""

from __future__ import annotations

import asyncio
import os
import select
import sys

_CHECK_SECONDS = 1.0


async def gone() -> None:
    """Returns when the terminal was closed; never, when there is none.

    The kernel sends SIGHUP to the session's leader alone. A shell passes it on; `make` as the leader (`ssh host make run`) waits for us.
    """
    terminal = next((stream for stream in (sys.stdin, sys.stdout, sys.stderr) if stream is not None and stream.isatty()), None)
    if terminal is None:
        await asyncio.get_running_loop().create_future()
        return
    poll = select.poll()
    poll.register(terminal.fileno(), 0)  # no event is asked for: a hang-up is told anyway, and no input is taken from anybody
    while not poll.poll(0):  # noqa: ASYNC110 - nobody can set an event when a terminal is closed
        await asyncio.sleep(_CHECK_SECONDS)


def in_foreground() -> bool:
    """Whether standard input is a terminal whose keys reach this program, and not the shell that has put it into the background."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
