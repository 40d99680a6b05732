"""An editor's debugger, attached to a server for as long as a block runs, with a breakpoint that requests to one path reach."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devloop_benchmarks import edits
from devloop_benchmarks.client import Answer, ask
from devloop_benchmarks.generator import line_of_breakpoint
from devloop_benchmarks.servers import Running
from tests.support.dap.editor import Editor, Stop

#: Steps taken at each stop; that many lines follow the breakpoint.
STEPS = 3
#: Between two stops; no user is faster.
PAUSE_SECONDS = 0.1
ATTACH_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Debugger:
    """An editor, and the server to which it is attached."""

    editor: Editor
    running: Running
    file: Path
    path: str

    def stop_and_continue(self) -> None:
        """The breakpoint is hit, without which the measurement would be meaningless."""
        with self._asked() as answer:
            self._stopped()
            self.editor.continue_()
            _good(answer)

    def wait_until_it_works(self) -> None:
        """Ask until a request stops: a session is configured a moment before the threads that run already look for breakpoints."""
        deadline = time.perf_counter() + ATTACH_SECONDS
        while time.perf_counter() < deadline:
            with self._asked() as answer:
                while self.editor.nothing_stopped() and not answer.done():
                    time.sleep(0.001)
                if not self.editor.nothing_stopped():
                    self._stopped()
                    self.editor.continue_()
                    _good(answer)
                    return
            time.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"{ATTACH_SECONDS:g} s after the debugger has attached, no request stops at the breakpoint")

    def edit_and_wait(self) -> None:
        """Edit another file than the one with the breakpoint, and come back when that works in the process that has the edit."""
        edits.answered_after(self.running, self.running.application.routers[0])
        time.sleep(edits.PAUSE_SECONDS)
        self.wait_until_it_works()

    def stops_and_steps(self, number: int) -> tuple[list[float], list[float]]:
        """Seconds from each of so many requests until it stands with its variables, and of each step after it, likewise."""
        stops: list[float] = []
        steps: list[float] = []
        for _ in range(number):
            started = time.perf_counter()
            with self._asked() as answer:
                stop = self._stopped()
                stops.append(time.perf_counter() - started)
                for _ in range(STEPS):
                    started = time.perf_counter()
                    stop = self.editor.step()
                    steps.append(time.perf_counter() - started)
                if not {"difference", "product"} <= stop.variables.keys():
                    raise RuntimeError(f"after {STEPS} steps the variables are {stop.variables}")
                self.editor.continue_()
                _good(answer)
            time.sleep(PAUSE_SECONDS)
        return stops, steps

    @contextmanager
    def _asked(self) -> Iterator[Future[Answer]]:
        """A request that will stand still."""
        with ThreadPoolExecutor(1) as executor:
            yield executor.submit(ask, self.running.port, self.path)

    def _stopped(self) -> Stop:
        stop = self.editor.wait_stopped()
        if stop.path.name != self.file.name or "doubled" not in stop.variables:
            raise RuntimeError(f"stopped in {stop.path}, line {stop.line}, with {stop.variables}")
        return stop


def _good(answer: Future[Answer]) -> None:
    if answer.result(30).status != 200:
        raise RuntimeError(f"the request that had stopped was answered with {answer.result().status}")


@contextmanager
def attached(running: Running) -> Iterator[Debugger]:
    """Attach, and wait until the breakpoint works; detach at the end.

    The breakpoint is in the last router, which the measured edits do not change.
    """
    editable = running.application.routers[-1]
    editor = Editor()
    editor.attach(running.debug_port, {editable.file: [line_of_breakpoint(editable.file)]})
    try:
        editor.wait_session(json.loads(ask(running.port, "/pid").body)["pid"])
        debugger = Debugger(editor, running, editable.file, editable.path.replace("/mark", "/paused"))
        debugger.wait_until_it_works()
        yield debugger
    finally:
        editor.detach()
