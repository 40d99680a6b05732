"""What a replaced process leaves behind: nothing, after what it has registered for its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.devloop.test_trust import SERVER, says
from tests.support.loop import Loop, parent
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop leaving")]

POOL = """
import multiprocessing, os, subprocess, time
from concurrent.futures import ProcessPoolExecutor

POOL = ProcessPoolExecutor(2)

def says():
    return WORD if all(POOL.map(abs, [1, 2, 3])) else ""

def begin():
    multiprocessing.Process(target=time.sleep, args=(3600,), daemon=True).start()
    subprocess.Popen(["sh", "-c", "sleep 3600 & sleep 3600"])
"""
LIFESPAN = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(says()).encode()})
"""
EXIT = """
import atexit, os, time
from pathlib import Path

def note(what):
    with open("notes", "a") as notes:
        notes.write(f"{WORD} {what}\\n")

atexit.register(note, "left")
"""


def started_by_workers(loop: Loop) -> list[int]:
    """Processes that were started by a worker, or by what that has started."""
    forked = [pid for pid in loop.forked() if parent(parent(pid) or 0) == (loop.process and loop.process.pid)]
    return [pid for pid in loop.forked() if pid not in forked]


def test_processes_of_an_old_generation_end_with_it(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": f"WORD = 'w0'\n{POOL}{LIFESPAN}"})
    loop.start()
    says(loop, "w0")
    until(lambda: len(started_by_workers(loop)) == 6, lambda: f"{started_by_workers(loop)} {loop.log}")
    for number in range(3):
        loop.edit("app/main.py", f"'w{number}'", f"'w{number + 1}'")
        says(loop, f"w{number + 1}")
    until(lambda: len(started_by_workers(loop)) == 6, lambda: f"{started_by_workers(loop)} {loop.log}")
    loop.end()  # and says when something is left


def test_what_was_registered_for_the_end_runs_at_a_reload_and_at_the_stop(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": f"WORD = 'w0'\nsays = lambda: WORD\n{EXIT}{SERVER}"})
    loop.started()
    loop.edit("app/main.py", "'w0'", "'w1'")
    says(loop, "w1")
    notes = Path(loop.root / "notes")
    until(lambda: notes.exists() and notes.read_text() == "w0 left\n", lambda: loop.log)
    loop.end()
    assert notes.read_text() == "w0 left\nw1 left\n"


def test_what_was_registered_for_the_end_has_its_time(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": f"WORD = 'w0'\nsays = lambda: WORD\n{EXIT}atexit.register(time.sleep, 3600)\n{SERVER}"})
    loop.started()
    loop.end()  # in order
    assert (loop.root / "notes").read_text() == "w0 left\n", "the others run all the same"
    assert "took longer than 2 s" in loop.log
