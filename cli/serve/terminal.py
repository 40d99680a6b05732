"""The terminal that this program was started from: whether it belongs to us, and whether it is still open."""

import asyncio
import os
import select
import sys

_CHECK_SECONDS = 1.0


async def gone() -> None:
    """Return when the terminal was closed; never, if there is none.

    The kernel sends SIGHUP to the session's leader alone. A shell passes it on; `make` as the leader (`ssh host make run`) waits for us.
    """
    terminal = next((stream for stream in (sys.stdin, sys.stdout, sys.stderr) if stream is not None and stream.isatty()), None)
    if terminal is None:
        await asyncio.get_running_loop().create_future()
        return
    poll = select.poll()
    poll.register(terminal.fileno(), 0)  # no event is requested: a hang-up is always reported, and no input is consumed
    while not poll.poll(0):  # noqa: ASYNC110 - closing a terminal cannot set an event
        await asyncio.sleep(_CHECK_SECONDS)


def in_foreground() -> bool:
    """Check that standard input is a terminal whose keys reach this program, which is not in the background."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
