"""One reload after the other: prepare the new process while the old one works, switch, and let the old one finish.

A later edit takes the place of a reload that is not finished. Only the switch itself, a few milliseconds, is never interrupted.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial

from devloop.attached import JoinTarget
from devloop.errors import is_held, shown, summary
from devloop.history import History, Reload, Stopwatch, noticed_after
from devloop.log import say_where
from devloop.messages import Go, Refresh, Stale
from devloop.nursery import Child, Zygote, ZygoteLost
from devloop.options import Options
from devloop.preload import Preload
from devloop.processes import how
from devloop.reason import Reason
from devloop.retiring import Retiring, ask_to_end, patience
from devloop.revival import Revival
from devloop.starting import Starter

#: How long a blocked or paused process may keep its successor from accepting; it does not accept either.
_STOP_SECONDS = 0.3
#: How long a prepared process may take to accept; it has nothing left to do but that.
_GO_SECONDS = 2.0
#: A start that takes longer is logged, with the line that it has reached.
_SLOW_START_SECONDS = 10.0
#: A plain worker that ends within this time after its start did not start.
_SETTLE_SECONDS = 0.5
#: An application may itself have a file changed that it reads, whenever it starts.
_MOST_OVERTAKEN = 3


class Reloader:
    """Holds the current process; at most one that is being prepared, and the warm one, are with ``starter``."""

    def __init__(self, options: Options, preload: Preload, new_zygote: Callable[[], Awaitable[Zygote]], say: Callable[[str], None]) -> None:
        self.first_answer = asyncio.Event()
        self.history = History(options, excluded=preload.unsafe)
        self.starter = Starter(options, preload, new_zygote, say)
        self._options = options
        self._say = say
        self._reasons: asyncio.Queue[Reason] = asyncio.Queue()
        self._current: Child | None = None
        self._current_is_error_page = False
        self._retiring = Retiring(options.grace, say, stays=self.starter.debugger.holds)
        self._revival = Revival(lambda child: child is self._current, lambda: self.ask(Reason(word="started again")), say)
        self._switching = asyncio.Lock()
        self._unfinished: Reason | None = None  # its files are on the disk and in no process
        self._stop_first = options.stop_first
        self._overtaken = 0  # starts in a row that failed while files changed
        self._shown = partial(shown, root=options.root)

    # --- what others ask for ---------------------------------------------------------------------------------------------------

    def ask(self, reason: Reason) -> None:
        """Request a new process."""
        noticed = reason.noticed if reason.noticed is not None else noticed_after(reason.files)
        self._reasons.put_nowait(replace(reason, noticed=noticed))

    def refresh_pages(self, files: Collection[str]) -> None:
        """Notify browsers of changed templates or static files, which the worker reads when they are needed."""
        if self._options.kind == "asgi" and self._current is not None:
            self._say(f"pages are loaded again: {self._shown(files)}")
            self._current.send(Refresh())

    def debugger_attached(self, join: JoinTarget) -> None:
        """Have the running process join the debugger's session, and every later one."""
        self.starter.debugger.target = join
        if self._current is None or self._current_is_error_page:
            return
        if self._current.joined:
            self._say("the running process was in an earlier debug session: breakpoints hold from the next code on that starts")
        self.starter.debugger.have_join(self._current)

    def debugger_left(self) -> None:
        """Replace the worker by one without a debugger: a process can join a debugger only once."""
        self.starter.debugger.target = None
        if any(child is not None and child.joined for child in (self._current, self.starter.pending)):
            self.ask(Reason(word="the debugger has left"))

    async def run(self, zygote: Awaitable[Zygote]) -> None:
        """Start as soon as there is a zygote, then reload for every reason until cancelled."""
        await self.starter.zygotes.begin(zygote)
        reloading = asyncio.create_task(self._reload(Reason()))
        try:
            while True:
                reason = await self._next_reason(reloading)
                async with self._switching:  # the holder must not be interrupted
                    reloading.cancel()
                await asyncio.gather(reloading, return_exceptions=True)
                if self._unfinished is not None:
                    reason = self._unfinished.merged(reason)
                self._unfinished = reason
                reloading = asyncio.create_task(self._reload(reason))
        finally:
            reloading.cancel()
            await asyncio.gather(reloading, return_exceptions=True)

    async def _next_reason(self, reloading: asyncio.Task[None]) -> Reason:
        waiting = asyncio.create_task(self._reasons.get())
        try:
            await asyncio.wait([waiting, reloading], return_when=asyncio.FIRST_COMPLETED)
            if reloading.done():
                reloading.result()  # raises the error that ended it
            reason = await waiting
        finally:
            waiting.cancel()
        while not self._reasons.empty():
            reason = reason.merged(self._reasons.get_nowait())
        return reason

    async def end(self, *, impatient: Callable[[], bool]) -> None:
        """Let the current process finish, then leave nothing behind."""
        self._revival.stop()
        await self.starter.warm.drop()
        await self.starter.kill_pending()
        if self._current is not None:
            self._stop(self._current)
        leaving = [child for child in (self._current, *self._retiring.children) if child is not None]
        asked = time.monotonic()
        for child in leaving:
            while not child.ended and time.monotonic() < asked + patience(child, self._options.grace) and not impatient():
                await child.until(lambda: False, within=0.1)
            await child.kill()
        self._retiring.forget()
        await self.starter.zygotes.end()

    async def _reload(self, reason: Reason) -> None:
        """Replace the current process, unless the new code does not start."""
        watch = Stopwatch()
        try:
            reason = await self.starter.fresh_zygote(reason)
            watch.over("zygote")
            if self._stop_first:
                await self._end_current()
                watch.over("stop")
            new = await self.starter.start(reason)
            watch.over("process")
            prepared = await self._prepared(new)
            watch.over("prepare")
            if self.starter.from_scratch_needed(new):
                self.ask(replace(reason, new_zygote=True))
            elif not prepared and self._was_overtaken(new):
                self._unfinished = replace(reason, new_zygote=False)
                self.ask(Reason(tuple(new.outdated)))
            elif not prepared and self._lacks_what_is_held(new):
                self.ask(reason)
            elif not prepared:
                self._unfinished = replace(reason, new_zygote=False)  # for the next edit, which may correct another file first
                self._keep_record(new, watch, reason)
                await self._keep_old(new, reason.files)
            else:
                self._overtaken = 0
                self._unfinished = None if await self._switch(new, watch, reason) else replace(reason, new_zygote=False)
                self._keep_record(new, watch, reason)
                await self.starter.learn(new, reason)
        except ZygoteLost as error:
            self._say(f"the zygote was lost ({error}); starting another")
            await self.starter.replace_zygote()
            self.ask(replace(reason, new_zygote=False))
        finally:
            if self.starter.pending is not self._current:
                await self.starter.kill_pending()

    def _was_overtaken(self, new: Child) -> bool:
        """Check whether files changed while the process read them, so that it is started again: its code may be half-written."""
        overtaken = bool(new.outdated) and self._overtaken < _MOST_OVERTAKEN
        self._overtaken = self._overtaken + 1 if overtaken else 0
        if overtaken:
            self._say(f"{self._shown(new.outdated)} changed while the new code started: starting it again")
        return overtaken

    def _lacks_what_is_held(self, new: Child) -> bool:
        """Check whether it failed because of an exclusive resource; from then on the old process ends first."""
        lacks = not self._stop_first and self._holds_good_code and is_held(new.error or "")
        if lacks:
            self._stop_first = True
            why = summary(new.error or "")
            self._say(f"the old process holds what the new one needs ({why}): from now on it ends first, as with --stop-first")
        return lacks

    @property
    def _holds_good_code(self) -> bool:
        return self._current is not None and not self._current.ended and not self._current_is_error_page

    async def _end_current(self) -> None:
        """End the current process; requests wait in the socket's queue until the next one accepts."""
        if (old := self._current) is not None and self._holds_good_code:
            async with self._switching:
                self._current = None  # its end is expected, and it is not to be started again
                self._retiring.add(old)
                self._stop(old)
                await old.until(lambda: old.ended, within=self._options.grace)
                await old.kill()

    async def _prepared(self, new: Child) -> bool:
        """Wait for the new process to be ready for its turn; log where it is when that takes long."""
        begun, patience, page_shown = time.monotonic(), _SLOW_START_SECONDS, False
        while not await new.until(lambda: new.prepared, within=patience):
            if new.ended:
                return False
            if new.joined or new.prompt is not None:
                continue  # it may stand at a breakpoint
            patience *= 2
            # SIGUSR2: see devloop.worker.run
            written = say_where(f"the new code has not started after {time.monotonic() - begun:.0f} s", partial(new.signal, signal.SIGUSR2))
            if not page_shown and not self._holds_good_code:
                page_shown = True  # in place of the page with the error of earlier code, if there is one
                await self._show_error(f"The code has not started yet{': the log says where it is' if written else ''}.", starting=True)
        return True

    async def _switch(self, new: Child, watch: Stopwatch, reason: Reason) -> bool:
        """Stop the old process, let the new one begin; whether it did.

        On a new connection, old code never responds after new code.
        """
        async with self._switching:
            old, self._current, self.starter.pending = self._current, new, None
            if old is not None and not old.ended and self._options.kind == "asgi":
                self._stop(old)
                await old.until(lambda: old.stopped, within=_STOP_SECONDS)
            new.send(Go())
            await new.until(lambda: new.accepting, within=_GO_SECONDS)  # one that hangs here must not keep the next edit out
            watch.over("switch")
            if self._options.kind == "worker" and old is not None and not old.ended:
                await new.until(lambda: False, within=_SETTLE_SECONDS)
                if new.ended and new.code != 0:
                    if new.error:
                        self._say(new.error)
                    self._current = old
                    if self._lacks_what_is_held(new):
                        self.ask(reason)
                        return False
                    self._say(f"the new code ended at once ({how(new.code)}); the old code goes on")
                    self._watch_current()  # it may have ended meanwhile
                    return False
                self._stop(old)
            if old is not None and not old.ended:
                self._retiring.add(old)
            self._current_is_error_page = False
        what = self._shown(reason.files) or reason.word or "started"
        if new.accepting:
            self._say(f"generation {new.generation} after {watch.total:.0f} ms: {what}")
        elif not new.ended:
            self._say(f"generation {new.generation} was started but does not accept requests: {what}")
        self.starter.debugger.have_join(new)
        self._watch_current()
        self.first_answer.set()
        return True

    def _keep_record(self, new: Child, watch: Stopwatch, reason: Reason) -> None:
        """Write down where the time went."""
        reload = Reload(time.time(), list(reason.files), new.generation, reason.noticed, new.warm_modules is not None, phases=watch.phases)
        if new.preparation is not None:
            reload.importing, reload.starting = new.preparation.importing, new.preparation.starting
            reload.slowest = new.preparation.slowest
        reload.because, reload.importers = self.starter.because, self.starter.warm.importers(reason.files)
        reload.error = "" if new.error is None else summary(new.error)
        self.history.add(reload)

    # --- code that does not start ------------------------------------------------------------------------------------------------

    async def _keep_old(self, new: Child, files: Collection[str]) -> None:
        """Let the last good code keep serving, marked as stale; without it, requests get the error."""
        self.starter.pending = None
        error = (new.error or "").strip() or how(new.code)
        if "\n" in error:
            self._say(error)
        last = summary(error)
        if self._current is not None and self._holds_good_code:
            self._say(f"the new code does not start, the last good code keeps working: {last}")
            self._current.send(Stale(error))
            await self.starter.warm.make(files)
        elif self._options.kind == "asgi":
            self._say(f"the code does not start, requests get the error until the next edit: {last}")
            await self._show_error(error)
        else:
            self._say(f"the code does not start; waiting for the next edit: {last}")
            self.first_answer.set()

    async def _show_error(self, error: str, *, starting: bool = False) -> None:
        if self._options.kind != "asgi":
            return
        old, page = self._current, await self.starter.error_page(error, starting=starting)
        try:
            if await page.until(lambda: page.prepared):
                async with self._switching:
                    if old is not None:
                        self._stop(old)
                        await old.until(lambda: old.stopped, within=_STOP_SECONDS)
                        self._retiring.add(old)
                    page.send(Go())
                    self._current, self._current_is_error_page = page, True
                    self._watch_current()
                    self.first_answer.set()
        finally:
            if self._current is not page:
                page.signal(signal.SIGKILL)

    def _stop(self, child: Child) -> None:
        ask_to_end(child, self._options.kind)

    def _watch_current(self) -> None:
        if self._current is not None:
            self._revival.watch(self._current)
