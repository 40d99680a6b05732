"""Steps are as prompt as questions are, whichever thread takes them."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from statistics import median

import pytest

from tests.support.dap.editor import Editor
from tests.support.loop import Loop
from tests.support.waiting import free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop-debugging")]

THREADS = 6
STEPS = 5
#: A step is a request, an event and what an editor asks for after it. Where nobody wakes the thread it takes 0.2 s more.
TIMES = 4

WORKER = f"""
import threading, time


def work():
    number = 0
    while True:
        number += 1  # breakpoint
        doubled = number * 2
        tripled = number * 3
        time.sleep(0.001)


def main():
    for number in range({THREADS}):
        threading.Thread(target=work, name=f"work {{number}}", daemon=True).start()
    threading.Event().wait()
"""


def workers(editor: Editor) -> list[int]:
    """The threads that stand in `work`."""
    assert editor.stopped_at
    found = editor.stopped_at.session.request("threads").list("threads")
    return [thread.number("id") for thread in found if thread.text("name").startswith("work ")]


def standing(editor: Editor, thread: int) -> bool:
    """Whether it stands in the program's own code, and not below it in a call that has not come back yet."""
    return editor.turn_to(thread).function == "work"


def paces(editor: Editor, thread: int) -> tuple[list[float], list[float]]:
    """Seconds of steps, and in between of the questions alone: in turn, because other work on the machine comes in bursts."""
    steps: list[float] = []
    looks: list[float] = []
    for _ in range(STEPS):
        began = time.perf_counter()
        assert editor.step().thread == thread
        stepped = time.perf_counter()
        editor.turn_to(thread)
        editor.evaluate("number")
        steps.append(stepped - began)
        looks.append(time.perf_counter() - stepped)
    return steps, looks


def test_a_step_of_any_thread_takes_no_longer_than_what_the_editor_asks_for_after_it(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "work").mkdir(parents=True)
    file = root / "work" / "main.py"
    (root / "work" / "__init__.py").write_text("")
    file.write_text(WORKER)
    port = free_port()
    loop = Loop(root)
    editor = Editor()
    try:
        loop.started("--debug-port", str(port), kind="worker", target="work.main:main")
        line = next(number for number, text in enumerate(WORKER.splitlines(), 1) if text.endswith("# breakpoint"))
        editor.attach(port, {file: [line]}, {"steppingResumesAllThreads": False})
        editor.wait_stopped()
        threads = workers(editor)
        assert len(threads) == THREADS
        late: dict[int, tuple[list[float], list[float]]] = {}
        for thread in threads:
            until(partial(standing, editor, thread), lambda: str(editor.transcript))
            steps, looks = paces(editor, thread)
            if min(steps) > TIMES * median(looks):
                late[thread] = steps, looks
        assert not late
        editor.set_breakpoints({file: []})
        editor.detach()
        loop.wait_for_log("the debugger has left")
    finally:
        loop.end()
