"""The worker that is not a server: a function that runs until SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import cast

from devloop.channel import Channel
from devloop.messages import Accepting, Go, Join
from devloop.worker.joining import join_while_running
from devloop.worker.report import Report

_REPORT_AFTER_SECONDS = 1.0


def work(target: object, channel: Channel, report: Report) -> int:
    """Wait for the turn, then call the function, and run the coroutine if it returns one.

    The result, or the code of its ``sys.exit``, is the exit code.
    """
    channel.send(report.prepared())
    while not isinstance(message := channel.receive(), Go):
        if message is None:
            os._exit(0)
        if isinstance(message, Join):
            join_while_running(message, channel)
    threading.Thread(target=_listen, args=(channel,), name="devloop channel", daemon=True).start()
    gc.freeze()
    gc.enable()
    channel.send(Accepting())
    timer = threading.Timer(_REPORT_AFTER_SECONDS, lambda: channel.send(report.loaded()))
    timer.daemon = True
    timer.start()
    try:
        result = cast("Callable[[], Coroutine[object, object, int | None] | int | None]", target)()
        code = asyncio.run(result) if isinstance(result, Coroutine) else result
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(f"{end.code}\n", end="", file=sys.stderr)  # noqa: T201 - what Python itself does, in one piece
    return code or 0


def _listen(channel: Channel) -> None:
    """Take what the supervisor says while the main thread works; it says SIGTERM by itself."""
    while (message := channel.receive()) is not None:
        if isinstance(message, Join):
            join_while_running(message, channel)
    os.kill(os.getpid(), signal.SIGTERM)
