"""``breakpoint()`` in a worker without an editor: a prompt on the supervisor's terminal, as without the loop.

The terminal is lent to one process at a time. A process that is replaced or stopped while it is at the prompt closes it, and the request
or the work goes on without the debugger. Without a terminal the call is passed over, and a line in the log says so.
"""

from __future__ import annotations

import fcntl
import os
import pdb  # noqa: T100 - whose function is replaced
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from operator import call as call_it
from types import FrameType

from devloop.channel import Channel
from devloop.lend import address, peer
from devloop.log import say
from devloop.messages import AtPrompt, Fork

_LEND = "python -m devloop.lend"
_WHEN_REPLACED = (signal.SIGINT, signal.SIGTERM)


class Leave(BaseException):
    """The process is to end, so the prompt has to be closed; not an error that a command at the prompt could take for its own."""


class Prompt:
    """The hook of one worker."""

    def __init__(self, job: Fork, channel: Channel) -> None:
        self.leaving = False
        self._terminal = job.terminal
        self._root = job.root
        self._debug_port = job.debug_port
        self._is_worker = job.kind == "worker"
        self._channel = channel
        self._lock = threading.Lock()  # between the threads of this process; the terminal's own lock is between processes
        self._passed_over: set[tuple[str, int]] = set()

    def install(self) -> None:
        """Take over ``breakpoint()`` and ``pdb.set_trace()``; give other debuggers the terminal, when all of it is there."""
        sys.breakpointhook = self.hook
        pdb.set_trace = self.set_trace
        if os.environ.get("PYTHONBREAKPOINT", "") not in ("", "0", "pdb.set_trace"):
            # Debuggers stop in the frame that has called them. With only callables of C, which have none, that is the application's.
            sys.breakpointhook = partial(deque, _OtherDebugger(self), 0)
        if self._terminal is not None and os.isatty(1):
            with suppress(OSError):
                terminal = os.open(self._terminal, os.O_RDWR | os.O_NOCTTY)
                os.dup2(terminal, 0)
                os.close(terminal)

    def hook(self, *arguments: object, **named: object) -> object:
        """Do what ``breakpoint()`` does, another debugger in PYTHONBREAKPOINT included."""
        chosen = os.environ.get("PYTHONBREAKPOINT") or "pdb.set_trace"
        if chosen == "0" or self.leaving:
            return None
        if chosen != "pdb.set_trace":
            self.keep_terminal(self.unusable())
            return sys.__breakpointhook__(*arguments, **named)  # noqa: T100 - which is asked for
        self._stop("breakpoint()", sys._getframe(1), named.get("header"))
        return None

    def set_trace(self, *, header: str | None = None) -> None:
        """Do what ``pdb.set_trace()`` does, whatever PYTHONBREAKPOINT says."""
        if not self.leaving:
            self._stop("pdb.set_trace()", sys._getframe(1), header)

    def _stop(self, call: str, frame: FrameType, header: object) -> None:
        reason = self.unusable()
        if reason is not None:
            self._pass_over(call, frame, reason)
            return
        from devloop.worker.interactive import TerminalPdb

        debugger = TerminalPdb(self, header)
        debugger.set_trace(frame)  # the last call here: it stops at whatever comes next

    def unusable(self) -> str | None:
        """Explain why there is no terminal to ask on; ``None`` when there is one."""
        if self._terminal is None:
            lender = self._lender()
            if lender is None:
                return "standard input is not a terminal"
            lender.close()
            return None
        try:
            terminal = os.open(self._terminal, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            return f"{self._terminal} cannot be opened ({error.strerror})"
        try:
            if os.tcgetpgrp(terminal) != os.getpgrp():
                return "the loop runs in the background"
        except OSError:
            pass  # another session's terminal, lent to us by the program that has started the supervisor
        finally:
            os.close(terminal)
        return None

    def _pass_over(self, call: str, frame: FrameType, reason: str) -> None:
        """Say so, once for each place."""
        place = frame.f_code.co_filename, frame.f_lineno
        if place in self._passed_over:
            return
        self._passed_over.add(place)
        where = f"start it in a terminal, or run `{_LEND}` in one"
        if self._debug_port:
            editor = "attach an editor" if call == "breakpoint()" else "write breakpoint() and attach an editor"
            where = f"{editor} to the debug port {self._debug_port}, or run `{_LEND}` in a terminal"
        say(f"{call} in {os.path.relpath(place[0])}:{place[1]} was passed over, because {reason}; to stop there, {where}")

    def keep_terminal(self, reason: str | None) -> None:
        """Take it for a debugger that is not ours, which may ask at any time after it was called, unless there is a reason against it."""
        if reason is not None or (os.isatty(0) and os.isatty(1)):
            return
        try:
            self._kept, terminal = self._open()
        except Leave:  # it has been taken back
            return
        for fd in (0, 1):
            os.dup2(terminal, fd)
        os.close(terminal)

    def _lender(self) -> socket.socket | None:
        """Return a connection to the program that lends a terminal to loops without one (``devloop.lend``), if it runs."""
        lender = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            lender.connect(address(self._root))
            if peer(lender)[1] in (0, os.getuid()):
                return lender
        except OSError:
            pass
        lender.close()
        return None

    def _open(self) -> tuple[socket.socket | None, int]:
        """Open the terminal; a lent one is given back by closing the connection.

        Raises:
            Leave: it has been taken back.
        """
        if self._terminal is not None:
            return None, os.open(self._terminal, os.O_RDWR | os.O_NOCTTY)
        lender = self._lender()
        if lender is None:
            raise Leave
        with suppress(ConnectionResetError):  # it ended before it had accepted the connection
            _, fds, _, _ = socket.recv_fds(lender, 16, 1)  # waits while another process has it
            if fds:
                return lender, fds[0]
        lender.close()
        raise Leave

    @contextmanager
    def terminal(self) -> Iterator[None]:
        """Have the terminal as standard input and output.

        Raises:
            Leave: the process is to end.
        """
        with self._lock, self._left_by_signals() as can_leave:
            lender, terminal = self._open()
            kept = os.dup(0), os.dup(1)
            self._channel.send(AtPrompt(True, can_leave))
            try:
                _lock(terminal)
                sys.stdout.flush()
                for fd in (0, 1):
                    os.dup2(terminal, fd)
                yield
            finally:
                sys.stdout.flush()
                for fd in (0, 1):
                    os.dup2(kept[fd], fd)
                    os.close(kept[fd])
                os.close(terminal)  # and with it the lock
                if lender is not None:
                    lender.close()
                self._channel.send(AtPrompt(False, can_leave))

    @contextmanager
    def _left_by_signals(self) -> Iterator[bool]:
        """Have the signals that end a process close the prompt; whether they can, which only the main thread hears."""
        if threading.current_thread() is not threading.main_thread():
            yield False
            return
        before = {number: signal.signal(number, self._leave) for number in _WHEN_REPLACED}
        try:
            yield True
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if self.leaving and self._is_worker:  # an application is stopped by a message
                _handle(signal.SIGTERM, before[signal.SIGTERM])

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        if not self.leaving:
            self.leaving = True
            raise Leave


class _OtherDebugger:
    """What PYTHONBREAKPOINT names, with the terminal: what is iterated over is called."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def __iter__(self) -> Iterator[object]:
        if self._prompt.leaving:
            return iter(())
        self._prompt.keep_terminal(self._prompt.unusable())
        return map(call_it, (sys.__breakpointhook__,))


def _handle(number: signal.Signals, handler: object) -> None:
    """Do what the program does at this signal."""
    if callable(handler):
        handler(number, None)
    elif handler == signal.SIG_DFL:
        signal.raise_signal(number)


def _lock(terminal: int) -> None:
    """Wait until no other process is at its prompt."""
    try:
        fcntl.flock(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("breakpoint(): another process is at its prompt; this one waits for the terminal")
        fcntl.flock(terminal, fcntl.LOCK_EX)
