"""The zygote: a process with every third-party module imported, from which workers are forked in milliseconds.

Nothing may be open in it that a fork would share: one thread, no event loop, no connection, and the garbage collector is set not to touch
what is there, so that the memory stays shared.

The first one is forked from the supervisor before that has imported anything of its own, which saves the start of a second interpreter.
Later ones are started afresh, ``python -m devloop.zygote PARENT_PID CHANNEL_FD``: by then the supervisor has threads and open files.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import io
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

from devloop.channel import Channel
from devloop.inputs import Inputs
from devloop.listener import Listener
from devloop.messages import MOST_NAMED, Ended, Fork, Forked, Outdated, Preload, PreloadDebugger, Ready
from devloop.processes import ChildProcess, be_called, die_with_parent, environment
from devloop.worker.own import Own

if TYPE_CHECKING:
    from pathlib import Path

    from devloop.options import Options

#: Signals that are sent to a whole process group, by a terminal or another program.
_FOR_ALL = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
#: What a worker with a debugger needs; imported when one attaches for the first time.
_DEBUGGER = ("debugpy", "debugpy.server.api")


def fork_zygote() -> tuple[ChildProcess, socket.socket]:
    """Fork a zygote that waits for the list of imports, and return our end of its channel. The caller has one thread and no open files."""
    parent = os.getpid()
    ours, theirs = _channel()
    pid = os.fork()
    if pid == 0:
        _live(parent, theirs)
    theirs.close()
    return ChildProcess(pid), ours


def start_zygote() -> tuple[ChildProcess, socket.socket]:
    """Start a zygote like ``fork_zygote``, from a process with more than one thread."""
    ours, theirs = _channel()
    with theirs:
        fd = theirs.fileno()
        command = [sys.executable, *_interpreter_options(), "-m", "devloop.zygote", str(os.getpid()), str(fd)]
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        kept = (os.POSIX_SPAWN_DUP2, fd, fd)  # onto itself: that keeps it open, as nothing else is
        # a signal to the whole group waits until the zygote ignores it: it would end an interpreter that starts
        pid = os.posix_spawn(sys.executable, command, environment(), file_actions=[nothing, kept], setsigmask=_FOR_ALL)
        return ChildProcess(pid), ours


def _interpreter_options() -> list[str]:
    """Return the options between the interpreter and ``-m devloop``, so that later zygotes get what the forked one has."""
    before, separator, _ = "\0".join(sys.orig_argv[1:]).partition("-m\0devloop")
    return [option for option in before.split("\0") if option] if separator else []


def tell(zygote: socket.socket, options: Options, modules: list[str], listener: Listener | None) -> None:
    """Have it import the modules, and its processes answer on the listener. Comes back at once."""
    message = Preload(modules, str(options.root), [str(folder) for folder in options.watch], variables(options.env_file))
    Channel(zygote).send(message, () if listener is None else listener.filenos())


def variables(file: Path | None) -> dict[str, str]:
    """Read the environment variables in this file; none when it has been removed."""
    if file is None:
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file).items() if value is not None}


def _channel() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


def _live(parent: int, channel: socket.socket) -> NoReturn:
    """Run a forked zygote as if it had been started. Never return into the supervisor."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        ours = environment()
        os.environ.clear()
        os.environ.update(ours)
        sys.dont_write_bytecode = False
        sys.stdout = sys.__stdout__ = _unbuffered(sys.stdout, 1)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _unbuffered(sys.stderr, 2)  # type: ignore[misc]
        serve(parent, channel)
        code = 0
    except KeyboardInterrupt:  # before SIGINT was left to the supervisor
        pass
    except BaseException:  # noqa: BLE001 - whatever it is, it must not go up into the supervisor's life
        traceback.print_exc()
    finally:
        os._exit(code)


def _unbuffered(stream: TextIO, fd: int) -> io.TextIOWrapper:
    """Open a stream as ``PYTHONUNBUFFERED`` does in an interpreter that is started."""
    raw = io.FileIO(fd, "w", closefd=False)
    raw.name = stream.name
    return io.TextIOWrapper(raw, stream.encoding, stream.errors, write_through=True)


def main() -> None:
    """Run a zygote that was started."""
    parent, channel_fd = map(int, sys.argv[1:])
    serve(parent, socket.socket(fileno=channel_fd))


def serve(parent: int, sock: socket.socket) -> None:
    """Import what is asked for, then fork for every request until the supervisor hangs up."""
    die_with_parent(parent)
    be_called("devloop-zygote")
    for fd in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - close inherited descriptors so that readers still see EOF
        if fd > 2 and fd != sock.fileno():
            with suppress(OSError):  # the one by which the folder was read
                os.close(fd)
    channel = Channel(sock)
    for number in _FOR_ALL:  # they reach every process of a terminal or group; the supervisor ends us in order
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_ALL)
    faulthandler.register(signal.SIGUSR2, all_threads=False)  # asked for when the imports take long
    gc.disable()
    import asyncio  # noqa: F401 - needed by whatever runs here, and there is time: the supervisor is not ready to say more
    import pdb  # noqa: F401, T100 - the same

    first, fds = channel.receive_with_fds()
    if not isinstance(first, Preload):
        return
    for name, value in first.variables.items():
        os.environ.setdefault(name, value)
    listener = Listener.received(fds) if fds else None
    sys.path[:] = [first.root, *(path for path in sys.path if path not in ("", first.root))]  # what is found is what a worker would find
    inputs = Inputs(Own([first.root, *first.watch]))
    inputs.listen()
    ready = Ready(preload(first.modules, inputs))
    gc.freeze()  # without collecting: that takes a while now, and leaves holes which every child would fill with pages of its own
    signal.signal(signal.SIGCHLD, lambda number, frame: _reap(channel, number, frame))
    channel.send(ready)
    _fork_as_asked(channel, listener, inputs)


def preload(modules: list[str], inputs: Inputs) -> dict[str, str]:
    """Import them; those after which nothing may be forked, each with what it does. All are tried, so that one look finds them all.

    Threads do not survive a fork, unless their library sees to that; what sets the environment would set it before the application begins;
    what imports the application's own code would keep it.
    """
    unsafe: dict[str, str] = {}
    environment = dict(os.environ)
    for name in modules:
        if name in sys.modules:
            continue
        before, inputs.environment_changed, inputs.own_sources = threads(), False, []
        failed = _import(name)
        if threads() > before and not _end_at_a_fork(before):
            unsafe[regular_package(name)] = "starts a thread when it is imported"
        elif inputs.environment_changed and environment != dict(os.environ):
            unsafe[regular_package(name)] = "sets the environment when it is imported"
            environment = dict(os.environ)
        elif inputs.own_sources:
            unsafe[regular_package(name)] = f"imports {inputs.own_sources[0]}"
        elif failed:
            unsafe[name] = "cannot be imported before the application"
    return unsafe


def _end_at_a_fork(before: int) -> bool:
    """Return true if the library ends its threads before a fork and starts them again when it needs them, as numpy's does.

    Such a library has registered that with ``pthread_atfork``, so a fork that does nothing shows it.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    with suppress(ChildProcessError):  # already reaped, where ended children are reported
        os.waitpid(pid, 0)
    return threads() <= before


def _import(name: str) -> bool:
    """Import it; whether that failed half-way, which leaves something behind. The worker that needs it meets it again and says so."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return error.name != name
    except (Exception, SystemExit):  # noqa: BLE001 - the application's matter
        return True
    return False


def regular_package(name: str) -> str:
    """Return the outermost package around a module that has code of its own: sooner or later all others import a part of it."""
    parts = name.split(".")
    outer = (".".join(parts[:count]) for count in range(1, len(parts)))
    return next((package for package in outer if getattr(sys.modules.get(package), "__file__", None)), name)


def threads() -> int:
    """Count the threads of this process, including those of C libraries."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - called a thousand times


def _fork_as_asked(channel: Channel, listener: Listener | None, inputs: Inputs) -> None:
    while True:
        message, fds = channel.receive_with_fds()
        if message is None:
            return
        if isinstance(message, PreloadDebugger):
            preload(list(_DEBUGGER), inputs)
            gc.freeze()
        elif isinstance(message, Fork):
            os.set_inheritable(fds[0], False)  # a program that the worker starts is not to hold the worker's line
            if message.error is None and (changed := inputs.changed()):
                channel.send(Outdated(changed[:MOST_NAMED]))
                os.close(fds[0])
            else:
                _fork(channel, listener, message, fds[0], inputs)


def _fork(channel: Channel, listener: Listener | None, job: Fork, fd: int, inputs: Inputs) -> None:
    # A child that ended before we have reported its number would be unknown to the supervisor.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(channel, listener, job, fd, parent, inputs)
    os.close(fd)
    channel.send(Forked(pid))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _become(channel: Channel, listener: Listener | None, job: Fork, fd: int, parent: int, inputs: Inputs) -> None:
    """Run the child; never return into the zygote."""
    code = 1
    try:
        for number in (*_FOR_ALL, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # A closing terminal signals all processes; the supervisor ends us in order. Not SIG_IGN, which our child programs would inherit.
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        channel.close()
        die_with_parent(parent)
        from devloop.worker.run import run

        code = run(job, Channel(socket.socket(fileno=fd)), listener, inputs)
    except BaseException:  # noqa: BLE001 - whatever it is, it must not go up into the zygote's loop
        traceback.print_exc()
    finally:
        from devloop.worker.leaving import leave

        leave(code)


def _reap(channel: Channel, _number: int, _frame: FrameType | None) -> None:
    """Report how children ended."""
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
