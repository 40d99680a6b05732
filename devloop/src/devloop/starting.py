"""Where new processes come from: a warm process if one fits, otherwise a fork of the zygote."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial

from devloop.attached import AttachedDebugger
from devloop.errors import shown
from devloop.messages import Fork, Run
from devloop.modules import forget_bytecode
from devloop.nursery import Child, Zygote
from devloop.options import Options
from devloop.preload import Preload
from devloop.reason import Reason
from devloop.terminal import standard_terminal
from devloop.warm import WarmProcesses
from devloop.zygotes import Zygotes


class Starter:
    """Holds the zygote and the warm processes, and decides which of them can be used for an edit."""

    def __init__(self, options: Options, preload: Preload, new_zygote: Callable[[], Awaitable[Zygote]], say: Callable[[str], None]) -> None:
        self.reads: dict[str, tuple[int, int, int] | None] = {}  # what the application read at its start, as it was then
        self.zygotes = Zygotes(new_zygote, self._zygote_outdated)
        self.warm = WarmProcesses(options.target.partition(":")[0], self._fork_warm, wanted=options.warm, say=say)
        self.debugger = AttachedDebugger(self.zygotes.preload_debugger, say)  # not earlier: the editor is waiting for its breakpoints
        self.pending: Child | None = None  # the process that is being prepared
        self.because: list[str] = []  # why what is in memory was not used for it
        self._options, self._preload, self._say = options, preload, say
        self._generation = 0
        self._identity = os.urandom(4).hex()
        self._shown = partial(shown, root=options.root)

    async def fresh_zygote(self, reason: Reason) -> Reason:
        """Replace the zygote if the edit asks for that; the reason returned says whether it did."""
        self.because = []
        gone = self.warm.removed_imports(reason.files) & set(self.zygotes.preloaded or ())
        if gone and not reason.new_zygote:
            self._say(f"{min(gone)} is not imported any more: starting from scratch")  # or it would be there all the same
            self._preload.relearn()
            self.because.append(f"{min(gone)} is not imported any more")
            reason = replace(reason, new_zygote=True)
        elif reason.new_zygote:
            self.because.append("packages or the environment have changed")
        if reason.new_zygote:
            await self.replace_zygote()
        return reason

    async def start(self, reason: Reason) -> Child:
        """Start the next generation. The process is also in ``pending``, until it becomes the current one."""
        self._generation += 1
        warm = None if reason.new_zygote else await self.warm.take(reason.files)
        self._forget_bytecode(reason.files)  # not earlier: a process that has just been ended may have written some
        if warm is not None and await self._runs(warm):
            return warm
        if warm is None and not reason.new_zygote:
            self.because.append(self.warm.misfit)
        new = self.pending = await self.zygotes.fork(replace(self._job(), join=self.debugger.target))
        new.joined = self.debugger.target is not None
        return new

    async def _runs(self, warm: Child) -> bool:
        """Have the warm process go on, unless it finds that something it has read has changed."""
        self.pending = warm
        warm.generation = self._generation
        warm.send(Run(self._generation, self.debugger.target))
        if await warm.until(lambda: warm.current or bool(warm.outdated)) and warm.current:
            warm.joined = self.debugger.target is not None
            return True
        self._discarded("not using the warm process: {} changed", warm.outdated)
        await self.kill_pending()
        await self.warm.drop()  # the others have read much of what this one has
        return False

    def from_scratch_needed(self, new: Child) -> bool:
        """Return true, and say so, if what was imported ahead in this process is not as if it had been imported in its turn."""
        preparation = new.preparation
        if preparation is None:
            return False
        if self._preload.holds_for(preparation) and (new.warm_modules is None or self.warm.holds_for(preparation)):
            return False
        self._say("the environment is changed before packages are imported: starting from scratch")
        self._preload.relearn()
        return True

    async def learn(self, new: Child, reason: Reason) -> None:
        """Make the next zygote and the warm processes import what this process has loaded."""
        await new.until(lambda: new.loaded is not None)
        if new.loaded is None:
            return
        self.reads = new.loaded.read
        self.warm.learn(new.loaded.own, new.loaded.ordered, new.loaded.effects)
        if not self._preload.learned:
            self._preload.learn(new.loaded.others, new.preparation)
        if self.zygotes.preloaded != self._preload.modules():  # an edit may have interrupted an earlier attempt
            await self.replace_zygote()
        await self.warm.make(reason.files)

    async def error_page(self, error: str, *, starting: bool) -> Child:
        """Start a process that responds to every request with this error, or with why the code is still ``starting``."""
        job = replace(self._job(), error=error, starting=starting)
        if starting:
            # Open pages load themselves again when their origin differs from the one that responds: the origin of this page is neither
            # that of the code that is starting nor that of the previous generation, whose error it may replace.
            job = replace(job, generation=self._generation - 1, supervisor=f"{self._identity}-starting")
        return await self.zygotes.fork(job)

    async def replace_zygote(self) -> None:
        """Start another zygote; the warm processes, which are children of the previous one, end."""
        self.zygotes.debugged = self.debugger.target is not None
        await self.zygotes.replace()
        await self.warm.drop()

    async def kill_pending(self) -> None:
        """End the process that is being prepared."""
        pending, self.pending = self.pending, None
        if pending is not None:
            await pending.kill()

    def _job(self) -> Fork:
        options, terminal = self._options, standard_terminal()
        return Fork(
            options.kind,
            options.target,
            str(options.root),
            self._generation,
            options.grace,
            self._identity,
            factory=options.factory,
            server=dict(options.server),
            terminal=None if terminal is None else terminal.name,
            debug_port=options.debug_port,
        )

    async def _fork_warm(self, modules: list[str]) -> Child:
        return await self.zygotes.fork(replace(self._job(), warm=modules, unsafe=self._preload.unsafe))

    def _zygote_outdated(self, files: Collection[str]) -> None:
        self._discarded("starting from scratch, because {} changed", files)

    def _discarded(self, message: str, files: Collection[str]) -> None:
        """Log why a process that has read these files cannot be used."""
        if files:
            self.because.append(f"{self._shown(files)} changed after it had been read")
            self._say(message.format(self._shown(files)))
            self._forget_bytecode(files)

    def _forget_bytecode(self, files: Collection[str]) -> None:
        try:
            forget_bytecode(files)
        except OSError as error:
            self._say(f"compiled code cannot be removed ({error}); an edit within a second of another may run old code")
