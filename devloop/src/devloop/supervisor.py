"""The process that stays: it holds the socket, watches the sources, keeps zygote and worker alive, and ends everything in order."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from devloop.dependencies import missing
from devloop.errors import shown
from devloop.listener import Listener
from devloop.log import say, say_where
from devloop.messages import Ready
from devloop.nursery import Zygote, ZygoteLost
from devloop.options import Options
from devloop.own_writes import OwnWrites
from devloop.polling import Decision, WatchError, decide, refusal
from devloop.preload import Preload
from devloop.reads import Reads, changes
from devloop.reason import Reason
from devloop.reload import Reloader
from devloop.watch import Edit, Rule, edits, is_watched, snapshot
from devloop.zygote import start_zygote

if TYPE_CHECKING:
    from devloop.debug.port import JoinAddress

#: A module that starts a thread at its import is left out, and the next zygote may meet another one.
_MOST_ZYGOTES = 8
_ZYGOTE_PAUSE_SECONDS = 0.5
#: A first start on a busy machine takes this long, so a line reports progress.
_SLOW_PRELOAD_SECONDS = 10.0
#: After this time something hangs, and its stack shows where.
_HUNG_PRELOAD_SECONDS = 120.0


class Supervisor:
    """Everything of one loop; ``run`` returns when it was asked to end."""

    def __init__(self, options: Options, preload: Preload, listener: Listener | None) -> None:
        self._options = options
        self._listener = listener
        self._preload = preload
        self._stop = asyncio.Event()
        self._reloader = Reloader(options, self._preload, self._new_zygote, say)
        self._impatient = False
        self._own_writes = OwnWrites(say, partial(shown, root=options.root))
        self._sorted_reads: Reads = {}
        self._other_reads: Reads = {}
        self._before = snapshot(options)  # whatever is edited later may not be in the first process

    async def run(self, zygote: Zygote) -> None:
        """Run, beginning with this zygote, until SIGTERM or SIGINT; a second one ends everything at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._asked_to_stop)
        work = [self._reloader.run(self._prepared(zygote)), self._watch(), self._watch_reads(), self._tell_when_ready()]
        if self._options.debug_port is not None:
            work.append(self._hold_debug_port(self._options.debug_port))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in work]
                await self._stop.wait()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first one ended the others
        finally:
            await self._reloader.end(impatient=lambda: self._impatient)

    def _asked_to_stop(self) -> None:
        self._impatient = self._stop.is_set()
        self._stop.set()

    # --- zygote --------------------------------------------------------------------------------------------------------------

    async def _new_zygote(self) -> Zygote:
        """Start another zygote, with the packages that workers turned out to need."""
        return await self._prepared(Zygote(self._options, *start_zygote()))

    async def _prepared(self, zygote: Zygote) -> Zygote:
        """Return a zygote that has imported everything that is safe to be forked."""
        for _ in range(_MOST_ZYGOTES):
            try:
                ready = await self._ready(zygote)
            except ZygoteLost as error:
                say(f"the zygote did not start ({error}); trying again")
                await asyncio.sleep(_ZYGOTE_PAUSE_SECONDS)
            else:
                if not ready.unsafe:
                    return zygote
                for name, what in ready.unsafe.items():
                    say(f"{name} {what}, so every worker imports it by itself")
                self._preload.exclude(ready.unsafe)
                self._reloader.history.known.unsafe |= ready.unsafe
                await zygote.end()
            zygote = Zygote(self._options, *start_zygote())
        say("nothing can be imported ahead of the workers; reloads take longer")
        self._preload.give_up()
        await self._ready(zygote)
        return zygote

    async def _ready(self, zygote: Zygote) -> Ready:
        """Return its message when it has imported everything; it is ended if this wait is cancelled."""
        loop = asyncio.get_running_loop()
        slow = loop.call_later(
            _SLOW_PRELOAD_SECONDS, say, f"still importing the packages after {_SLOW_PRELOAD_SECONDS:.0f} s: a first start takes longest"
        )
        hung = loop.call_later(_HUNG_PRELOAD_SECONDS, self._show_hung_preload, zygote)
        try:
            return await zygote.ready(self._preload.modules(), self._listener)
        except asyncio.CancelledError:
            await zygote.end()
            raise
        finally:
            slow.cancel()
            hung.cancel()

    @staticmethod
    def _show_hung_preload(zygote: Zygote) -> None:
        say_where(f"the packages are still not imported after {_HUNG_PRELOAD_SECONDS:.0f} s", zygote.show_stack)

    # --- edits ---------------------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        decision = await decide(self._options.polling, self._options.watch, os.environ)
        polling = decision.polling
        self._say_how(decision)
        failed = False
        try:
            await self._watch_with(polling)
        except* (OSError, WatchError) as errors:
            if polling:
                raise
            self._say_how(Decision(polling=True, reason=refusal(errors.exceptions[0])))
            failed = True
        if failed:
            await self._watch_with(polling=True)

    def _say_how(self, decision: Decision) -> None:
        self._reloader.history.known.polling, self._reloader.history.known.polls = str(decision), decision.polling
        say(str(decision))

    async def _watch_with(self, polling: bool) -> None:
        async for edit in edits(self._options, polling, self._before):
            self._react(edit)

    async def _watch_reads(self) -> None:
        async for files in changes(self._reads):
            self._reloader.ask(Reason(files))

    def _reads(self) -> Reads:
        """Return the files read at the start that are not watched anyway."""
        if self._sorted_reads is not self._reloader.starter.reads:  # once for each process: links are followed
            self._sorted_reads = self._reloader.starter.reads
            self._other_reads = {file: state for file, state in self._sorted_reads.items() if not is_watched(file, self._options)}
        return self._other_reads

    def _react(self, edit: Edit) -> None:
        match edit.rule:
            case Rule.PAGE if self._reloader.starter.reads.keys() & set(edit.files):
                self._reloader.ask(Reason(edit.files))  # what was read when the application started is not read again for a request
            case Rule.PAGE:
                self._reloader.refresh_pages(edit.files)
            case Rule.DEPENDENCIES:
                lacking = missing(self._options.locks)
                if lacking:
                    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
                    command = f": {self._options.install}" if self._options.install else ""
                    say(f"the lock files ask for {', '.join(lacking[:3])}{more}; install them{command}")
                self._preload.forget()
                self._reloader.history.known.unsafe.clear()
                self._reloader.ask(Reason(edit.files, new_zygote=True))
            case Rule.ENVIRONMENT:
                self._reloader.ask(Reason(edit.files, new_zygote=True))
            case Rule.SETTINGS | Rule.CODE:
                if files := self._own_writes.left(edit.files, self._reloader.starter.zygotes.written):
                    self._reloader.ask(Reason(files))

    # --- debugger and start ----------------------------------------------------------------------------------------------------

    async def _hold_debug_port(self, port: int) -> None:
        from devloop.debug.port import DebugPort
        from devloop.welcome import debugger_line

        def listening(number: int) -> None:
            if self._options.fd is None:  # with --fd, the program that listens announces it
                say(debugger_line(self._options.debug_host, number))

        def attached(address: JoinAddress) -> None:
            self._reloader.debugger_attached((address.host, address.port, address.parent_pid))

        await self._reloader.first_answer.wait()  # editors attach later, and the first response is urgent
        await DebugPort(
            self._options.debug_host,
            port,
            serves=self._options.serves,
            hint=self._options.debug_port_hint,
            attached=attached,
            detached=self._reloader.debugger_left,
            log=say,
            listening=listening,
        ).run()

    async def _tell_when_ready(self) -> None:
        await self._reloader.first_answer.wait()
        if self._options.ready_fd is not None:
            with suppress(OSError):  # the reader has exited
                os.write(self._options.ready_fd, b"ready\n")
                os.close(self._options.ready_fd)
