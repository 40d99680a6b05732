"""A generation that the log announces is the code, the data and the settings on the disk, whatever is kept in memory for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.loop import Loop
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop trust")]

#: Answers every request with the text of ``says()``.
SERVER = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(says()).encode()})
"""


def says(loop: Loop, text: str) -> None:
    """Wait for this answer."""
    until(lambda: loop.get("/").text == text, lambda: f"{text!r} is not the answer: {loop.get('/')}\n{loop.log}")


@contextmanager
def next_generation_says(loop: Loop, text: str) -> Iterator[None]:
    """The first answer of a generation that follows from an edit in the block is that one."""
    before = loop.get("/").generation  # not after the edit, when the next one may be there already
    yield
    until(lambda: loop.get("/").generation > before, lambda: loop.log)
    assert loop.get("/").text == text, loop.log


def test_code_that_is_watched_outside_of_the_folder_that_is_imported_from(project: Callable[..., Loop]) -> None:
    loop = project(
        {"project/app/main.py": f"from shared import words\nsays = lambda: words.WORD\n{SERVER}", "libs/shared/words.py": 'WORD = "w0"\n'},
        PYTHONPATH="../libs",
    )
    loop.started("--watch", "app", "--watch", "../libs")
    says(loop, "w0")
    zygote = loop.zygote()
    for number in range(1, 4):
        with next_generation_says(loop, f"w{number}"):
            loop.write("../libs/shared/words.py", f'WORD = "w{number}"\n')
        loop.settle()
    assert loop.zygote() == zygote, "it is the application's own code, which no zygote imports"


def test_code_that_a_package_imports(project: Callable[..., Loop]) -> None:
    """As Django does with its settings: the package is loaded first, and loads what the application says."""
    loop = project(
        {
            "packages/framework/__init__.py": "",
            "packages/framework/models.py": "import importlib, os\nSETTINGS = importlib.import_module(os.environ['SETTINGS_MODULE'])\n",
            "project/site_/settings.py": 'WORD = "first"\n',
            "project/site_/asgi.py": f"from framework import models\nsays = lambda: models.SETTINGS.WORD\n{SERVER}",
        },
        PYTHONPATH="../packages",
        SETTINGS_MODULE="site_.settings",
    )
    loop.started(target="site_.asgi:app")
    for word in ("second", "third"):
        with next_generation_says(loop, word):
            loop.write("site_/settings.py", f'WORD = "{word}"\n')
        loop.settle()


@pytest.mark.parametrize("name", ["app/prompt.md", "../.env", "app/.hidden", "app/page.html"])
def test_a_file_that_is_read_at_import(project: Callable[..., Loop], name: str) -> None:
    loop = project(
        {
            "project/app/prompts.py": f"from pathlib import Path\nPROMPT = Path({name!r}).read_text()\n",
            "project/app/main.py": f"from app import prompts\nsays = lambda: prompts.PROMPT\n{SERVER}",
            f"project/{name}": "first",
        }
    )
    loop.started()
    says(loop, "first")
    loop.edit("app/main.py", "says =", "\nsays =")
    loop.wait_for_log("ms: app/main.py")
    loop.settle()  # now there is a warm process that has read it
    with next_generation_says(loop, "second"):
        loop.write(name, "second")


def test_the_warm_process_is_not_taken_when_a_file_has_changed_that_it_has_read(project: Callable[..., Loop]) -> None:
    """Both files are written within one look, so the generation is asked for by the code alone."""
    loop = project(
        {
            "project/app/prompts.py": "from pathlib import Path\nPROMPT = Path('prompt.md').read_text()\n",
            "project/app/main.py": f"from app import prompts\nsays = lambda: prompts.PROMPT\n{SERVER}",
            "project/prompt.md": "first",
        }
    )
    loop.started()
    for word in ("second", "third", "fourth"):
        with next_generation_says(loop, word):
            loop.write("prompt.md", word)
            loop.edit("app/main.py", "says =", "\nsays =")
        loop.settle()


def test_a_package_that_is_upgraded_while_the_loop_runs(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "packages/thing/__init__.py": "from thing.version import VERSION\n",
            "packages/thing/version.py": "VERSION = 1\n",
            "project/app/main.py": f"import thing\nsays = lambda: thing.VERSION\n{SERVER}",
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "1")
    for number in (2, 3):
        with next_generation_says(loop, str(number)):
            loop.write("../packages/thing/version.py", f"VERSION = {number}\n")
            loop.edit("app/main.py", "says =", "\nsays =")
        loop.settle()
    assert "packages/thing/version.py" in loop.log


def test_a_module_that_comes_to_stand_before_a_package(project: Callable[..., Loop]) -> None:
    loop = project(
        {"packages/thing.py": "WORD = 'package'\n", "project/app/main.py": f"import thing\nsays = lambda: thing.WORD\n{SERVER}"},
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "package")
    with next_generation_says(loop, "own"):
        (loop.root / "thing.py").write_text("WORD = 'own'\n")
        loop.edit("app/main.py", "says =", "\nsays =")


PREPARED = "import os\nos.environ['THING_FOLDER'] = {!r}\nimport thing\nsays = lambda: thing.FOLDER\n"


def test_the_environment_is_set_before_a_package_is_imported(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "packages/thing.py": "import os\nFOLDER = os.environ.get('THING_FOLDER')\n",
            "project/app/main.py": PREPARED.format("first") + SERVER,
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "first")
    with next_generation_says(loop, "first"):
        loop.edit("app/main.py", "async def", "\nasync def")
    loop.settle()
    with next_generation_says(loop, "second"):
        loop.edit("app/main.py", "'first'", "'second'")


def test_the_environment_comes_to_be_set_before_a_package_is_imported(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "packages/thing.py": "import os\nFOLDER = os.environ.get('THING_FOLDER')\n",
            "project/app/main.py": f"import thing\nsays = lambda: thing.FOLDER\n{SERVER}",
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "None")
    with next_generation_says(loop, "first"):
        loop.write("app/main.py", PREPARED.format("first") + SERVER)
    assert os.environ.get("THING_FOLDER") is None
    assert "the environment is changed before packages are imported" in loop.log


def test_a_package_that_sets_the_environment_does_not_set_it_before_the_application_begins(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "packages/thing.py": "import os\nos.environ['THING'] = 'set'\n",
            "project/app/main.py": f"import os\nBEFORE = os.environ.get('THING')\nimport thing\nsays = lambda: BEFORE\n{SERVER}",
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "None")
    with next_generation_says(loop, "None"):
        loop.edit("app/main.py", "says =", "\nsays =")
    assert "thing sets the environment when it is imported" in loop.log


def test_a_part_of_a_package_that_is_not_imported_any_more(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "packages/thing/__init__.py": "",
            "packages/thing/part.py": "WORD = 'part'\n",
            "project/app/other.py": "import thing.part\n",
            "project/app/main.py": f"import thing\nfrom app import other\nsays = lambda: thing.part.WORD\nsays()\n{SERVER}",
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    says(loop, "part")
    loop.edit("app/other.py", "import thing.part", "import thing")
    until(lambda: "has no attribute 'part'" in (loop.get("/").stale or ""), lambda: loop.log)
    with next_generation_says(loop, "part"):
        loop.edit("app/other.py", "import thing", "import thing.part")


def test_a_large_package_that_starts_a_thread_is_found_at_once_and_remembered(project: Callable[..., Loop]) -> None:
    parts = [f"p{number}" for number in range(12)]
    loop = project(
        {
            "packages/busy/__init__.py": f"from busy import {', '.join(parts)}\nimport threading, time\n"
            "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n",
            **{f"packages/busy/{part}.py": "" for part in parts},
            "packages/uses.py": "import busy\n",
            "packages/calm.py": "",
            "project/app/main.py": f"import uses, calm\nsays = lambda: 1\n{SERVER}",
        },
        PYTHONPATH="../packages",
    )
    loop.started()
    assert loop.log.count("busy starts a thread") == 1
    assert loop.log.count("every worker imports it by itself") == 2, loop.log
    assert "uses starts a thread" in loop.log or "uses cannot" in loop.log
    loop.end()
    logged = len(loop.log)
    loop.started()
    assert "starts a thread" not in loop.log[logged:]
    with next_generation_says(loop, "1"):
        loop.edit("app/main.py", "says =", "\nsays =")


EFFECTS = {
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n",
    "database": "import sqlite3\nCONNECTION = sqlite3.connect('data.db')\n",
    "socket": "import socket\nSOCKET = socket.socket()\n",
    "process": "import subprocess\nsubprocess.Popen(['sleep', '0.1'])\n",
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_import_that_does_more_is_not_made_ahead(project: Callable[..., Loop], effect: str) -> None:
    """The module notes each import of it, whatever process does that."""
    note = "import os\nwith open('notes', 'a') as notes: notes.write(f'{os.getpid()}\\n')\n"
    loop = project(
        {
            "project/app/jobs.py": EFFECTS[effect] + note,
            "project/app/calm.py": "",
            "project/app/main.py": f"from app import jobs, calm\nsays = lambda: 1\n{SERVER}",
        }
    )
    loop.started()
    with next_generation_says(loop, "1"):
        loop.edit("app/main.py", "says =", "\nsays =")
    loop.settle()
    tried = int(effect in ("thread", "socket"))  # of what the interpreter does not tell, it is seen by trying, once
    notes = (loop.root / "notes").read_text().split()
    assert len(notes) <= 2 + tried, loop.log
    living = [pid for pid in notes if int(pid) in loop.processes()]
    assert len(living) == 1, loop.log
