"""Code that is no server: a function that works until SIGTERM."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.loop import Loop
from tests.support.sample_application import READS_WORDS
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop worker")]

JOB = """
import os, signal, sys, time
from work import words

ENDING = []

def note(what):
    with open("notes.txt", "a") as notes:
        notes.write(f"{words.WORD} {what} {os.getpid()}\\n")

def run():
    signal.signal(signal.SIGTERM, lambda *_: ENDING.append(1))
    note("begins")
    while not ENDING:
        time.sleep(0.02)
    note("finishes")
    time.sleep(words.FINISH)
    note("ends")
"""
WORDS = 'WORD = "first"\nFINISH = 0.2\n'


class Work:
    """A worker's loop and what its processes have noted."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    @property
    def notes(self) -> list[str]:
        """Without the process numbers."""
        file = self.loop.root / "notes.txt"
        return [line.rpartition(" ")[0] for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def pid(self) -> int:
        """Who has begun last."""
        lines = (self.loop.root / "notes.txt").read_text().splitlines()
        return int([line for line in lines if "begins" in line][-1].split()[-1])

    def wait_for(self, note: str, times: int = 1) -> None:
        until(lambda: self.notes.count(note) >= times, lambda: f"{note}: {self.notes}\n{self.loop.log}")


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    loop = Loop(tmp_path / "project")
    for name, text in {"work/__init__.py": "", "work/job.py": JOB, "work/words.py": WORDS}.items():
        loop.write(name, text)
    yield Work(loop)
    loop.end()


def started(work: Work, *arguments: str) -> Work:
    work.loop.start(*arguments, target="work.job:run", kind="worker")
    work.wait_for("first begins")
    work.loop.wait_for_log(" started\n")
    return work


def test_an_edit_starts_the_new_one_before_the_old_one_is_asked_to_finish(work: Work) -> None:
    started(work)
    work.loop.settle()
    work.loop.edit("work/words.py", "first", "second")
    work.wait_for("first ends")
    assert work.notes == ["first begins", "second begins", "first finishes", "first ends"]
    work.loop.wait_for_log("ms: work/words.py")
    work.loop.settle()
    work.loop.send(signal.SIGTERM)
    assert work.loop.wait() == 0
    assert work.notes[-2:] == ["second finishes", "second ends"]
    assert "Traceback" not in work.loop.log


@pytest.mark.parametrize(
    ("module", "old", "new", "told"),
    [
        ("job", 'note("begins")', 'raise ValueError("no such queue")', "ValueError: no such queue"),
        ("job", 'note("begins")', 'sys.exit("no queue")', "no queue"),
        ("words", "FINISH", "FINISH = \nX", "SyntaxError"),
    ],
)
def test_code_that_ends_at_once_keeps_the_old_one(work: Work, module: str, old: str, new: str, told: str) -> None:
    started(work)
    first = work.pid
    work.loop.edit(f"work/{module}.py", old, new)
    work.loop.wait_for_log(told)
    work.loop.wait_for_log("the old code goes on" if module == "job" else "the last good code keeps working")
    assert first in work.loop.processes()
    assert work.notes == ["first begins"]
    work.loop.edit(f"work/{module}.py", new, old)
    work.wait_for("first ends")
    assert work.notes == ["first begins", "first begins", "first finishes", "first ends"]
    assert work.pid != first


def test_one_that_dies_is_started_again(work: Work) -> None:
    started(work)
    for count, pause in enumerate(("0.2", "1"), 2):
        pid = work.pid
        os.kill(pid, signal.SIGKILL)
        work.wait_for("first begins", count)
        assert f"process {pid} ended unexpectedly (it was killed by SIGKILL); starting it again in {pause} s" in work.loop.log


def test_one_that_fails_says_why_and_is_started_again(work: Work) -> None:
    work.loop.write("work/job.py", JOB.replace("while not ENDING:", "while not ENDING:\n        1 / words.ZERO"))
    work.loop.write("work/words.py", WORDS + "ZERO = 0\n")
    work.loop.start(target="work.job:run", kind="worker")
    work.wait_for("first begins", 2)
    work.loop.wait_for_log("ZeroDivisionError: division by zero")
    work.loop.wait_for_log("ended unexpectedly (it ended with exit code 3); starting it again in")
    work.loop.edit("work/words.py", "ZERO = 0", "ZERO = 1")
    work.loop.wait_for_log("ms: work/words.py")
    until(lambda: work.pid in work.loop.processes(), lambda: str(work.notes))
    pid = work.pid
    time.sleep(0.5)
    assert work.pid == pid
    assert pid in work.loop.processes()


def test_one_that_returns_by_itself_is_started_again(work: Work) -> None:
    work.loop.edit("work/job.py", "while not ENDING:", "for _ in range(3):")
    work.loop.start(target="work.job:run", kind="worker")
    work.wait_for("first begins", 2)
    work.loop.wait_for_log("ended unexpectedly (it ended with exit code 0); starting it again in 0.2 s")


def test_one_that_does_not_finish_is_killed(work: Work) -> None:
    work.loop.edit("work/words.py", "0.2", "600")
    started(work, "--grace", "0.5")
    pid = work.pid
    work.loop.write("work/words.py", WORDS.replace("first", "second"))
    work.wait_for("second begins")
    work.loop.wait_for_log(f"the old process {pid} did not finish within 0.5 s and was killed")
    until(lambda: pid not in work.loop.processes(), lambda: work.loop.log)


def test_one_that_is_broken_from_the_start_waits_for_an_edit(work: Work) -> None:
    work.loop.write("work/words.py", "WORD =\n")
    work.loop.start(target="work.job:run", kind="worker")
    work.loop.wait_for_log("the code does not start; waiting for the next edit: SyntaxError: invalid syntax")
    work.loop.write("work/words.py", WORDS)
    work.wait_for("first begins")


@pytest.mark.parametrize("edits", [0, 2])
def test_it_keeps_compiled_code_and_what_it_prints_is_seen_at_once(work: Work, edits: int) -> None:
    """Whether the zygote was forked, as the first one, or started, as that which knows what to preload."""
    work.loop.environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    work.loop.environment.pop("PYTHONUNBUFFERED", None)
    words = (
        WORDS
        + "import os, sys\n"
        + "print(f'half a line of {os.getpid()}, {sys.dont_write_bytecode} {os.environ[\"PYTHONUNBUFFERED\"]} ', end='')\n"
        + "print('half a complaint ', end='', file=sys.stderr)\n"
    )
    work.loop.write("work/words.py", words)
    started(work)
    for number in range(edits):
        work.loop.settle()
        work.loop.write("work/words.py", words + f"AGAIN = {number}\n")
        work.wait_for("first begins", number + 2)
    until(lambda: f"half a line of {work.pid}, False 1 " in work.loop.log, lambda: work.loop.log)
    until(lambda: work.loop.log.count("half a complaint ") > edits, lambda: work.loop.log)


def test_a_coroutine_function_is_run(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "job.py").write_text(
        "import asyncio\nfrom pathlib import Path\n\n"
        "async def main():\n    Path('done.txt').write_text('one')\n    await asyncio.sleep(60)\n"
    )
    loop = Loop(folder)
    try:
        loop.start(target="job:main", kind="run")
        until(lambda: (folder / "done.txt").exists(), lambda: loop.log)
        assert "never awaited" not in loop.log
    finally:
        loop.end()


def test_a_first_start_that_fails_while_a_file_is_written_is_repeated_and_not_reported(work: Work, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("")
    work.loop.write("work/words.py", READS_WORDS + "WORD, FINISH = MARK, 0\n")
    work.loop.start(target="work.job:run", kind="run")
    until((tmp_path / "read").exists, lambda: work.loop.log)
    (tmp_path / "words.txt").write_text("written\n")
    (tmp_path / "go").touch()
    work.wait_for("written begins")
    assert "does not start" not in work.loop.log
