"""From the fork to the running application: warm up if asked to, join the debugger, import, and hand over to the kind of work."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import signal
import socket
import sys
import traceback

from devloop.channel import Channel
from devloop.errors import shortened
from devloop.messages import Failed, Fork, Join, Run, Warm
from devloop.processes import be_called
from devloop.worker.joining import join_before_start
from devloop.worker.own import own_modules

_WORKER = "devloop-worker"


def run(job: Fork, channel: Channel, listener: socket.socket | None) -> int:
    """Do the job; the exit code."""
    sys.path[:] = [job.root, *(path for path in sys.path if path not in ("", job.root))]
    sys.argv[:] = [job.target]
    be_called(_WORKER)
    if job.error is not None:
        from devloop.worker.error_page import answer_with_error
        from devloop.worker.refresh import PageOrigin

        return answer_with_error(channel, listener, job.error, PageOrigin(job.supervisor, job.generation))
    faulthandler.register(signal.SIGUSR2, all_threads=False)  # the supervisor asks a start that takes long where it is
    try:
        before = frozenset(sys.modules)
        generation, join = (job.generation, job.join) if job.warm is None else _wait_warm(job, channel)
        if join is not None:
            join_before_start(Join(*join), channel)
        return _work(job, generation, channel, listener, before, joined=join is not None)
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            channel.send(Failed(f"The code asked to end with exit code {end.code or 0} when it was imported."))
            return end.code or 0
        channel.send(Failed(shortened(str(end.code))))
        return 1
    except BaseException:  # noqa: BLE001 - told to the supervisor, which tells it to everybody else
        channel.send(Failed(shortened(traceback.format_exc())))
        return 3


def _wait_warm(job: Fork, channel: Channel) -> tuple[int, tuple[str, int, int] | None]:
    """Import what does not depend on the files edited last, and wait to be needed."""
    be_called("devloop-warm")
    for name in job.warm or []:
        importlib.import_module(name)
    gc.freeze()
    channel.send(Warm(own_modules(job.root)))
    message = channel.receive()
    if not isinstance(message, Run):
        os._exit(0)
    be_called(_WORKER)
    importlib.invalidate_caches()
    return message.generation, message.join


def _work(job: Fork, generation: int, channel: Channel, listener: socket.socket | None, before: frozenset[str], *, joined: bool) -> int:
    module, _, attribute = job.target.partition(":")
    target: object = importlib.import_module(module)
    for part in attribute.split("."):
        target = getattr(target, part)
    if job.kind == "worker":
        from devloop.worker.plain import work

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return work(target, channel, job.root, before)
    from devloop.worker.asgi import serve

    assert listener is not None  # noqa: S101 - the supervisor of an application always holds one
    return serve(target, job, channel, listener, generation, before, joined=joined)
