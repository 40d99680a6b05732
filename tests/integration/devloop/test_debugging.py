"""A debugger attached once meets its breakpoints through every reload: in routes of all kinds, in start-up code, and in a plain worker."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.support.dap.editor import Editor, Stop
from tests.support.loop import Loop
from tests.support.waiting import PATIENCE, free_port, until
from tests.support.writing import write_at_once

#: Reloads in a row, with the editor attached once.
TIMES = 10

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop-debugging")]

APPLICATION = """
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, WebSocket

MARK = "mark-0"
at_import = MARK
print(at_import)  # module


def dependency():
    value = MARK
    return value  # dependency


@asynccontextmanager
async def lifespan(application):
    value = MARK
    application.state.value = value  # lifespan
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/async")
async def answer():
    value = MARK
    doubled = value * 2
    return {"value": value, "doubled": doubled}  # async


@app.get("/sync")
def answer_in_thread():
    value = MARK
    return {"value": value}  # sync


@app.get("/dependency")
async def answer_with(value: str = Depends(dependency)):
    return {"value": value}


@app.websocket("/socket")
async def socket(websocket: WebSocket):
    await websocket.accept()
    value = MARK
    await websocket.send_text(value)  # websocket
    await websocket.close()
"""

WORKER = """
import subprocess, sys, time

MARK = "mark-0"


def step(value):
    counted = len(value)
    return counted  # step


def main():
    while True:
        step(MARK)
        subprocess.run([sys.executable, "-m", "work.load"], check=True)
        time.sleep(0.1)
"""

LOAD = """
def load():
    value = "in a process of its own"
    return value  # load


load()
"""


def line_of(file: Path, comment: str) -> int:
    """The line that ends with this comment."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if line.endswith(f"# {comment}"))


class Debugged:
    """A loop with a debug port, and the editor that attaches to it."""

    def __init__(self, loop: Loop, file: Path, debug_port: int) -> None:
        self.loop, self.file, self.debug_port = loop, file, debug_port
        self.editor = Editor()

    def attach(self, *comments: str) -> None:
        """A fresh editor with these breakpoints; comes back when they hold."""
        before = len(self.loop.log)
        self.editor = Editor()
        self.editor.attach(self.debug_port, {self.file: [line_of(self.file, comment) for comment in comments]})
        self.loop.wait_for_log("a debugger is attached to generation", since=before)

    def stop_at(self, *comments: str) -> None:
        """Move the breakpoints there."""
        self.editor.set_breakpoints({self.file: [line_of(self.file, comment) for comment in comments]})

    def edit(self, mark: str) -> None:
        """Give the code another mark; comes back when a new generation has begun or waits at a breakpoint."""
        write_at_once(self.file, re.sub(r'MARK = "[^"]*"', f'MARK = "{mark}"', self.file.read_text(), count=1))

    def edited(self, mark: str) -> None:
        """The same, and the new generation is there."""
        before = len(self.loop.log)
        self.edit(mark)
        self.loop.wait_for_log("devloop: generation", since=before)

    def expect(self, comment: str, variables: dict[str, str]) -> Stop:
        """The editor has stopped there and sees these values; then it goes on."""
        stop = self.editor.wait_stopped()
        assert (stop.path, stop.line) == (self.file, line_of(self.file, comment)), stop
        assert {name: stop.variables.get(name) for name in variables} == variables
        return stop


class Request(threading.Thread):
    """A request that may be held up by a breakpoint."""

    def __init__(self, ask: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self.answer: str | None = None
        self.start()

    def run(self) -> None:
        self.answer = self._ask()

    def wait(self) -> str:
        self.join(PATIENCE)
        assert self.answer is not None, "no answer"
        return self.answer


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debugged]:
    root = tmp_path_factory.mktemp("debugged") / "project"
    (root / "web").mkdir(parents=True)
    (root / "web" / "__init__.py").write_text("")
    file = root / "web" / "main.py"
    file.write_text(APPLICATION)
    port = free_port()
    loop = Loop(root)
    try:
        yield Debugged(loop.started("--debug-port", str(port), target="web.main:app"), file, port)
    finally:
        loop.end()


@pytest.fixture
def debugged(api: Debugged) -> Iterator[Debugged]:
    """Without a debugger before and after."""
    yield api
    before = len(api.loop.log)
    api.editor.detach()
    api.loop.wait_for_log("the debugger has left", since=before)


def ask(debugged: Debugged, kind: str) -> Request:
    return Request(lambda: debugged.loop.get(f"/{kind}").text)


@pytest.mark.parametrize("kind", ["async", "sync", "dependency"])
def test_a_breakpoint_in_a_route_is_met_through_ten_reloads(debugged: Debugged, kind: str) -> None:
    debugged.attach(kind)
    for number in range(TIMES):
        mark = f"{kind}-{number}"
        debugged.edited(mark)
        request = ask(debugged, kind)
        debugged.expect(kind, {"value": f"'{mark}'"})
        assert debugged.editor.evaluate("value + '!'") == f"'{mark}!'"
        assert request.answer is None
        debugged.editor.continue_()
        assert mark in request.wait()
    assert debugged.editor.errors == []


def test_a_breakpoint_in_a_websocket_handler_through_ten_reloads(debugged: Debugged) -> None:
    debugged.attach("websocket")
    for number in range(TIMES):
        debugged.edited(f"socket-{number}")
        with connect(f"ws://127.0.0.1:{debugged.loop.port}/socket") as socket:
            debugged.expect("websocket", {"value": f"'socket-{number}'"})
            debugged.editor.continue_()
            assert socket.recv(timeout=PATIENCE) == f"socket-{number}"


def test_breakpoints_at_import_and_in_start_up_through_ten_reloads_while_the_old_code_answers(debugged: Debugged) -> None:
    debugged.attach("module", "lifespan")
    for number in range(TIMES):
        old = debugged.loop.get("/sync").json()["value"]
        debugged.edit(f"start-{number}")
        debugged.expect("module", {"at_import": f"'start-{number}'"})
        assert debugged.loop.get("/sync").json()["value"] == old
        debugged.editor.continue_()
        debugged.expect("lifespan", {"value": f"'start-{number}'"})
        assert debugged.loop.get("/sync").json()["value"] == old
        debugged.editor.continue_()
        until(lambda number=number: debugged.loop.get("/sync").json()["value"] == f"start-{number}", lambda: debugged.loop.log)  # type: ignore[misc]


def test_steps_and_moved_breakpoints(debugged: Debugged) -> None:
    debugged.attach("async")
    debugged.edited("step-1")
    debugged.editor.set_breakpoints({debugged.file: [line_of(debugged.file, "async") - 1]})
    request = ask(debugged, "async")
    stop = debugged.editor.wait_stopped()
    assert "doubled" not in stop.variables
    after = debugged.editor.step()
    assert (after.line, after.variables["doubled"]) == (stop.line + 1, "'step-1step-1'")
    debugged.editor.continue_()
    assert "step-1" in request.wait()


def test_an_edit_while_paused_is_answered_by_new_code_and_the_paused_request_finishes(debugged: Debugged) -> None:
    debugged.attach("async")
    debugged.edited("paused-1")
    paused = ask(debugged, "async")
    debugged.expect("async", {"value": "'paused-1'"})
    debugged.edited("paused-2")
    assert debugged.loop.get("/sync").json()["value"] == "paused-2"
    assert paused.answer is None
    debugged.editor.continue_()
    assert '"value":"paused-1"' in paused.wait()


def test_code_that_does_not_start_leaves_the_debugger_where_it_is(debugged: Debugged) -> None:
    debugged.attach("async")
    debugged.edited("good-1")
    before = len(debugged.loop.log)
    good = debugged.file.read_text()
    write_at_once(debugged.file, f"{good}\ndef broken(:\n")
    debugged.loop.wait_for_log("the last good code keeps working", since=before)
    request = ask(debugged, "async")
    debugged.expect("async", {"value": "'good-1'"})
    debugged.editor.continue_()
    assert "good-1" in request.wait()
    write_at_once(debugged.file, good)
    debugged.edited("good-2")
    request = ask(debugged, "async")
    debugged.expect("async", {"value": "'good-2'"})
    debugged.editor.continue_()
    assert "good-2" in request.wait()


def test_a_reload_goes_on_without_an_editor_that_hangs_and_the_log_says_what_that_means(debugged: Debugged) -> None:
    debugged.attach("async")
    debugged.editor.hangs = True
    before = len(debugged.loop.log)
    debugged.edited("hung")
    assert debugged.loop.get("/async").json()["value"] == "hung"
    said = r"^devloop: the editor has not sent its breakpoints within 5 s: process \d+ goes on without them until it does$"
    assert len(re.findall(said, debugged.loop.log[before:], re.MULTILINE)) == 1, debugged.loop.log[before:]


def test_after_a_detach_a_fresh_process_answers_without_a_debugger(debugged: Debugged) -> None:
    debugged.attach("async")
    generation = debugged.loop.get("/sync").generation
    before = len(debugged.loop.log)
    debugged.editor.detach()
    debugged.loop.wait_for_log("the debugger has left", since=before)
    answer = debugged.loop.get("/async")
    assert answer.generation > generation
    debugged.attach("async")
    request = ask(debugged, "async")
    debugged.expect("async", {})
    debugged.editor.continue_()
    request.wait()


def test_a_breakpoint_in_a_plain_worker_and_in_the_process_that_it_starts(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "work").mkdir(parents=True)
    file, load = root / "work" / "main.py", root / "work" / "load.py"
    (root / "work" / "__init__.py").write_text("")
    file.write_text(WORKER)
    load.write_text(LOAD)
    port = free_port()
    loop = Loop(root)
    try:
        loop.started("--debug-port", str(port), kind="worker", target="work.main:main")
        debugged = Debugged(loop, file, port)
        debugged.attach("step")
        for mark in (f"worker-{'x' * number}" for number in range(TIMES)):
            debugged.edit(mark)
            stop = debugged.editor.wait_stopped()
            while stop.variables["value"] != f"'{mark}'":  # the old process, which may finish
                debugged.editor.continue_()
                stop = debugged.editor.wait_stopped()
            assert stop.variables["counted"] == str(len(mark))
            debugged.editor.continue_()
        debugged.editor.set_breakpoints({file: [], load: [line_of(load, "load")]})
        stop = debugged.editor.wait_stopped()
        while stop.path != load:
            debugged.editor.continue_()
            stop = debugged.editor.wait_stopped()
        assert stop.variables["value"] == "'in a process of its own'"
        debugged.editor.set_breakpoints({load: []})
        debugged.editor.continue_()
        debugged.editor.detach()
        loop.wait_for_log("the debugger has left")
    finally:
        loop.end()
