"""The supervisor's side of the zygote and of the processes forked from it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from devloop.channel import Channel
from devloop.listener import Listener
from devloop.messages import (
    Accepting,
    AtPrompt,
    Current,
    Ended,
    Failed,
    Fork,
    Forked,
    Joined,
    Loaded,
    Message,
    Outdated,
    PreloadDebugger,
    Prepared,
    Ready,
    Stopped,
    Unkept,
    Warm,
    Writing,
)
from devloop.options import Options
from devloop.processes import ChildProcess, descendants, how, signal_all
from devloop.terminal import standard_terminal
from devloop.zygote import tell

#: How long a process whose channel has closed may take to be reported dead.
_REAP_SECONDS = 2.0


class Child:
    """A forked process and what it has reported so far. ``events`` is set whenever that changes."""

    def __init__(self, pid: int, channel: Channel, generation: int) -> None:
        self.pid = pid
        self.generation = generation
        self.warm_modules: list[tuple[str, str]] | None = None
        self.loaded: Loaded | None = None
        self.current = self.accepting = self.stopped = self.ended = False
        self.preparation: Prepared | None = None
        self.outdated: list[str] = []  # files that a warm process, or one that did not start, has read, and that have changed
        self.unkept: Unkept | None = None
        self.written: set[str] = set()  # files of the application that it wrote while it started
        self.error: str | None = None
        self.code: int | None = None
        self.joined = False  # was asked to join a debugger; it can do that once
        self.debugged: bool | None = None  # whether it did
        self.prompt: AtPrompt | None = None  # a debugger's, on the terminal
        self._channel = channel
        self._changed = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())
        self._reaped = asyncio.Event()

    @property
    def prepared(self) -> bool:
        """Whether it waits for ``Go``."""
        return self.preparation is not None and self.error is None

    @property
    def is_warm(self) -> bool:
        """Whether it has imported what it was asked to import ahead."""
        return self.warm_modules is not None

    def send(self, message: Message) -> None:
        """Say something; a process that has ended does not hear it, and its end is known otherwise."""
        self._channel.send(message)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if not self.ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def kill(self) -> None:
        """End it and what it has started at once, and come back when it is gone."""
        started = [] if self.ended else descendants(self.pid)
        self.signal(signal.SIGKILL)
        signal_all(started, signal.SIGKILL)
        await self.until(lambda: self.ended)

    async def until(self, condition: Callable[[], bool], *, within: float | None = None) -> bool:
        """Wait until the condition holds or the process has ended, at most so many seconds; whether the condition holds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: self.ended or condition())
        return condition()

    def reap(self, code: int) -> None:
        """Record the exit status. Close the channel explicitly: grandchildren may still hold the other end open."""
        self.code = code
        self._reaped.set()
        self._channel.shutdown()

    async def _listen(self) -> None:
        while (message := await self._channel.next()) is not None:
            async with self._changed:
                self._take(message)
                self._changed.notify_all()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._reaped.wait(), _REAP_SECONDS)
        self._channel.close()
        if self.prompt is not None and (terminal := standard_terminal()) is not None:
            terminal.restore()
        async with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        match message:
            case Warm(modules):
                self.warm_modules = modules
            case AtPrompt(is_shown):
                self.prompt = message if is_shown else None
            case Joined(success):
                self.debugged = success
            case Prepared():
                self.preparation = message
            case Current():
                self.current = True
            case Outdated(files):
                self.outdated = files
            case Unkept():
                self.unkept = message
            case Writing(file):
                self.written.add(file)
            case Accepting():
                self.accepting = True
            case Stopped():
                self.stopped = True
            case Failed(error, changers, before, changed):
                self.error, self.preparation, self.outdated = error, Prepared(changers, before), changed
            case Loaded():
                message.read = {file: None if state is None else (state[0], state[1], state[2]) for file, state in message.read.items()}
                self.loaded = message
            case _:
                pass


class ZygoteLost(Exception):
    """The zygote ended, and its children with it."""


class ZygoteOutdated(Exception):
    """The zygote has read files that have changed since."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(files)
        self.files = files


class Zygote:
    """A running zygote; ``ready`` tells when it can fork."""

    def __init__(self, options: Options, process: ChildProcess, channel: socket.socket, requested: list[str] | None = None) -> None:
        """Remember the process. ``requested``: the modules that it was already asked to import."""
        self._options = options
        self._process, self._socket, self._channel = process, channel, Channel(channel)
        self._answers: asyncio.Queue[Ready | Forked | Outdated | None] = asyncio.Queue()
        self._children: dict[int, Child] = {}
        self._ended_early: dict[int, int] = {}
        self._lock = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._retired = False
        self._was_asked = requested is not None
        self.preloaded = requested or []

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def show_stack(self) -> None:
        """Have it write to standard error where it is."""
        self._process.signal(signal.SIGUSR2)

    async def ready(self, modules: list[str], listener: Listener | None) -> Ready:
        """Have it import the modules, and its processes answer on the listener; when this returns with nothing unsafe, it can fork.

        Raises:
            ZygoteLost: it ended instead.
        """
        self._listening = asyncio.create_task(self._listen())
        if not self._was_asked:
            self.preloaded = modules
            tell(self._socket, self._options, modules, listener)
        answer = await self._answers.get()
        if not isinstance(answer, Ready):
            raise ZygoteLost(how(self._process.poll()))
        return answer

    async def fork(self, job: Fork) -> Child:
        """Fork a new process for the job; if the wait for it is cancelled, the process is ended.

        Raises:
            ZygoteLost: there is no zygote any more.
            ZygoteOutdated: it would pass on what is not any more on the disk.
        """
        forking = asyncio.create_task(self._fork(job))
        try:
            return await asyncio.shield(forking)
        except asyncio.CancelledError:
            forking.add_done_callback(_kill_forked)
            raise

    async def _fork(self, job: Fork) -> Child:
        ours, theirs = Channel.pair()
        async with self._lock:
            sent = self._channel.send(job, (theirs.fileno(),))
            theirs.close()
            answer = await self._answers.get() if sent else None
        if not isinstance(answer, Forked):
            ours.close()
            if isinstance(answer, Outdated):
                raise ZygoteOutdated(answer.files)
            raise ZygoteLost(how(self._process.poll()))
        child = Child(answer.pid, ours, job.generation)
        if answer.pid in self._ended_early:
            child.reap(self._ended_early.pop(answer.pid))
        else:
            self._children[answer.pid] = child
        return child

    def preload_debugger(self) -> None:
        """Have the debugger's modules in every process that is forked from now on."""
        self._channel.send(PreloadDebugger())

    def retire(self) -> None:
        """Fork nothing more, and end when the last child has ended: its own end would be theirs."""
        self._retired = True
        if not self._children:
            self._channel.shutdown()

    async def end(self) -> None:
        """End it, every child that is left, and what they have started."""
        started = descendants(self._process.pid)
        self._channel.shutdown()
        self._process.signal(signal.SIGKILL)
        signal_all(started, signal.SIGKILL)
        await self._process.end()

    async def _listen(self) -> None:
        while (message := await self._channel.next()) is not None:
            if isinstance(message, Ended):
                self._reap(message)
            elif isinstance(message, Ready | Forked | Outdated):
                self._answers.put_nowait(message)
        self._channel.close()
        await self._process.end(within=_REAP_SECONDS)
        self._answers.put_nowait(None)
        for child in self._children.values():
            child.reap(-signal.SIGKILL)

    def _reap(self, message: Ended) -> None:
        child = self._children.pop(message.pid, None)
        if child is None:
            self._ended_early[message.pid] = message.code
        else:
            child.reap(message.code)
        if self._retired and not self._children:
            self._channel.shutdown()


def _kill_forked(forking: asyncio.Task[Child]) -> None:
    if not forking.cancelled() and forking.exception() is None:
        forking.result().signal(signal.SIGKILL)
