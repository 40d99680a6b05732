"""Small applications with other people's libraries, run by the development loop in an environment of their own (scripts/matrix.sh)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support.loop import Loop
from tests.support.waiting import until

#: What a package of the application notes when it is imported: the modules that are in memory already, and which process imports.
PACKAGE = """
import sys
from pathlib import Path

AHEAD = sorted(sys.modules)

def process():
    return Path("/proc/self/comm").read_text().strip()
"""
#: Serves the application, and under a path of its own what was in memory before it was imported. ``app.parts`` is what does not depend on
#: the edited file; where it was imported tells whether it was kept.
SERVE = """
import json, os
import app
from app import parts
from app.main import application

async def serve(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/kept":
        body = json.dumps({"ahead": app.AHEAD, "parts": parts.PROCESS, "pid": os.getpid()}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
    else:
        await application(scope, receive, send)
"""
#: For what is not a web framework.
PLAIN = """
from app import parts, words

async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{words.WORD} {parts.value()}".encode()})
"""
#: Modules that nothing depends on: with too few of them in memory there would be no process kept at all.
OTHERS = ("models", "queries", "views", "forms")
WHERE = "\nfrom app import process\nPROCESS = process()\n"
TARGET = "app.serve:serve"
_LEFT_OUT = re.compile(r"^devloop: (\S+) (.+), so every worker imports it by itself$", re.MULTILINE)
_ONCE = re.compile(r"^devloop: (\S+) (.+) when it is imported, so it is not imported ahead of an edit$", re.MULTILINE)


@cache
def matrix_python() -> Path:
    """The interpreter that has the libraries; it may not exist."""
    script = subprocess.run([CHECKOUT / "scripts" / "matrix.sh", "path"], check=True, capture_output=True, text=True)
    return Path(script.stdout.strip()) / "bin" / "python"


def needed(library: str = "") -> pytest.MarkDecorator:
    """Skip where the libraries are not installed, or where this one is not, which no lock has."""
    python = matrix_python()
    if not (python.parent.parent / ".complete").exists():
        return pytest.mark.skipif(True, reason=f"the libraries are not in {python.parent.parent}: with a network, run scripts/matrix.sh")
    lacks = bool(library) and not list(python.parent.parent.glob(f"lib/python*/site-packages/{library}"))
    return pytest.mark.skipif(lacks, reason=f"{library} is not installed: run scripts/matrix.sh {library}")


@dataclass(frozen=True, slots=True)
class Case:
    """One application. ``parts`` has ``value()``, which is shown after the edited word; ``main`` has ``application``.

    ``kept`` are packages that the zygote has in memory, ``left_out`` those that it must not have, with the reason in the log, and
    ``once`` are modules that are imported when their turn has come and not before, with the reason.
    """

    parts: str = "value = lambda: 1"
    main: str = PLAIN
    answer: str = "{word} 1"
    kept: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    stops_first: bool = False
    files: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def written(self) -> dict[str, str]:
        return {
            "project/app/__init__.py": f"{PACKAGE}\nfrom app import {', '.join(OTHERS)}\n",
            **{f"project/app/{name}.py": "" for name in OTHERS},
            "project/app/parts.py": self.parts + WHERE,
            "project/app/main.py": self.main,
            "project/app/serve.py": SERVE,
            **self.files,
            "project/app/words.py": "WORD = 'one'\n",
        }


def matrix_loop(project: Callable[..., Loop], files: dict[str, str], **environment: str) -> Loop:
    """A loop, not yet started, with the interpreter that has the libraries."""
    loop = project(files, PYTHONPATH=str(CHECKOUT / "devloop" / "src"), **environment)
    loop.python = str(matrix_python())
    for name in files:  # the file edited last is expected to be edited next
        if not name.endswith("words.py"):
            os.utime(loop.root.parent / name, (time.time() - 60, time.time() - 60))
    return loop


class _Requests(threading.Thread):
    """One after the other, each on a connection of its own."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(daemon=True)
        self._loop, self.end = loop, threading.Event()
        self.bodies: list[str] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.end.is_set():
            try:
                answer = self._loop.get("/")
            except OSError as error:
                self.failures.append(repr(error))
            else:
                (self.bodies if answer.status == 200 else self.failures).append(answer.text)
            time.sleep(0.02)


def _stat(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()
    return ""


def warmed(loop: Loop) -> None:
    """Wait until the warm process has imported what it is for, which takes a while with large libraries, and waits for an edit itself."""
    seen: list[tuple[int, str, list[str]]] = []
    folder = loop.root / ".cache" / "devloop"

    def still() -> bool:
        found = [pid for pid in loop.forked() if _stat(pid).startswith(f"{pid} (devloop-warm)")]
        if found and any(folder.glob("preload-*.json")):
            state = _stat(found[0]).rpartition(") ")[2].split()
            seen.append((found[0], state[0], state[11:13]))  # the last two: the time spent so far
        return len(found) == 1 and seen[-8:] == [(found[0], "S", seen[-1][2])] * 8

    until(still, lambda: f"{seen[-3:]}\n{loop.log}", step=0.04)


@contextmanager
def requests(loop: Loop) -> Iterator[_Requests]:
    """Ask all the time; no request may fail."""
    asking = _Requests(loop)
    asking.start()
    try:
        yield asking
    finally:
        asking.end.set()
        asking.join()
    assert not asking.failures, f"{asking.failures[:3]}\n{loop.log}"


def edited(loop: Loop, old: str, new: str, answer: str) -> None:
    """Edit the word while requests are made: each is answered, and after the first new response comes no old one."""
    with requests(loop) as asking:
        loop.edit("app/words.py", f"'{old}'", f"'{new}'")
        wanted = answer.format(word=new)
        until(lambda: wanted in asking.bodies, lambda: f"{wanted!r} is not among {set(asking.bodies)}\n{loop.log}")
    first = asking.bodies.index(wanted)
    assert set(asking.bodies[first:]) == {wanted}, asking.bodies[first:]
    warmed(loop)
    loop.settle()


def reloads(loop: Loop, case: Case) -> None:
    """Start, edit three times, compare what is kept in memory with what the case says, and end with nothing left."""
    loop.started(*case.options, target=TARGET)
    warmed(loop)
    loop.settle()
    assert loop.get("/").text == case.answer.format(word="one"), loop.log
    for old, new in (("one", "two"), ("two", "three"), ("three", "four")):
        edited(loop, old, new, case.answer)
    assert_kept(loop, case)
    loop.end()


def assert_kept(loop: Loop, case: Case, *, logged: bool = True) -> None:
    """Compare with the memory of the processes, and with what the log says of it when that is to be logged."""
    found = json.loads(loop.get("/kept").text)
    packages = {name.partition(".")[0] for name in found["ahead"]}
    assert dict(_LEFT_OUT.findall(loop.log)) == case.left_out, loop.log
    assert dict(_ONCE.findall(loop.log)) == (case.once if logged else {}), loop.log
    assert set(case.kept) <= packages, f"not kept: {set(case.kept) - packages}\n{loop.log}"
    assert not set(case.left_out) & packages, loop.log
    assert found["parts"] == ("devloop-worker" if "app.parts" in case.once else "devloop-warm"), f"{found['parts']}\n{loop.log}"
    assert loop.log.count("as with --stop-first") == case.stops_first, loop.log
    assert "from scratch" not in loop.log
    # The exception is a scheduler that is not shut down: it can meet pools that have ended, as at the end of any Python program.
    late = re.findall(r"cannot schedule new futures after (?:interpreter )?shutdown", loop.log)  # a scheduler's own words at its end
    assert loop.log.count("Traceback") == len(late), loop.log
