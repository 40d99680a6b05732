"""The zygote: a process with every third-party module imported, from which workers are forked in milliseconds.

Nothing may be open in it that a fork would share: one thread, no event loop, no connection, and the garbage collector is told not to touch
what is there, so that the memory stays shared. ``python -m devloop.zygote PARENT_PID CHANNEL_FD``.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from types import FrameType

from devloop.channel import Channel
from devloop.messages import Ended, Fork, Forked, Preload, PreloadDebugger, Ready
from devloop.processes import die_with_parent

#: What a worker with a debugger needs; imported when one attaches for the first time.
_DEBUGGER = ("debugpy", "debugpy.server.api")


def main() -> None:
    """Import what is asked for, then fork for every request until the supervisor hangs up."""
    parent, channel_fd = map(int, sys.argv[1:])
    die_with_parent(parent)
    channel = Channel(socket.socket(fileno=channel_fd))
    for number in (signal.SIGINT, signal.SIGHUP):  # they reach everybody of a terminal; the supervisor ends us in order
        signal.signal(number, signal.SIG_IGN)
    faulthandler.register(signal.SIGUSR2, all_threads=False)  # asked for when the imports take long
    gc.disable()
    import asyncio  # noqa: F401 - needed by whatever runs here, and there is time: the supervisor is not ready to say more

    first, fds = channel.receive_with_fds()
    if not isinstance(first, Preload):
        return
    listener = socket.socket(fileno=fds[0]) if fds else None
    ready = preload(first.modules)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda number, frame: _bury(channel, number, frame))
    channel.send(ready)
    _serve(channel, listener)


def preload(modules: list[str]) -> Ready:
    """Import them; stop at one that starts a thread, because threads do not survive a fork."""
    for name in modules:
        if name in sys.modules:
            continue
        with suppress(Exception, SystemExit):  # its own matter: the worker that needs it will meet it again and say so
            importlib.import_module(name)
        if threads() > 1:
            return Ready(unsafe=name)
    return Ready(unsafe=None)


def threads() -> int:
    """How many threads this process has, those of C libraries included."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - called a thousand times


def _serve(channel: Channel, listener: socket.socket | None) -> None:
    while True:
        message, fds = channel.receive_with_fds()
        if message is None:
            return
        if isinstance(message, PreloadDebugger):
            preload(list(_DEBUGGER))
            gc.freeze()
        elif isinstance(message, Fork):
            os.set_inheritable(fds[0], False)  # a program that the worker starts is not to hold the worker's line
            _fork(channel, listener, message, fds[0])


def _fork(channel: Channel, listener: socket.socket | None, job: Fork, fd: int) -> None:
    # A child that ended before we have told its number would be unknown to the supervisor.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(channel, listener, job, fd, parent)
    os.close(fd)
    channel.send(Forked(pid))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _become(channel: Channel, listener: socket.socket | None, job: Fork, fd: int, parent: int) -> None:
    """The child's life; never returns into the zygote's."""
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        channel.close()
        die_with_parent(parent)
        from devloop.worker.run import run

        code = run(job, Channel(socket.socket(fileno=fd)), listener)
    except BaseException:  # noqa: BLE001 - whatever it is, it must not go up into the zygote's loop
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _bury(channel: Channel, _number: int, _frame: FrameType | None) -> None:
    """Tell how children ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        channel.send(Ended(pid, os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main()
