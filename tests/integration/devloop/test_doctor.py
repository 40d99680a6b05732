"""``devloop doctor`` in a real small project, while the loop runs and after."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.loop import Loop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop doctor")]

MAIN = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI
from app import base, leaf

@asynccontextmanager
async def lifespan(app):
    await asyncio.sleep(0.4)
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/marks")
def marks():
    return {"base": base.MARK, "leaf": leaf.MARK}
"""
FILES = {
    "project/app/main.py": MAIN,
    "project/app/base.py": "MARK = 'one'\n",
    "project/app/leaf.py": "MARK = 'one'\n",
    **{f"project/app/part{number}.py": "import time\nfrom app import base\ntime.sleep(0.04)\n" for number in range(10)},
    "project/app/parts.py": "".join(f"from app import part{number}\n" for number in range(10)),
}


def report(loop: Loop) -> str:
    command = [sys.executable, "-m", "devloop", "doctor"]
    return subprocess.run(command, cwd=loop.root, env=loop.environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_it_says_where_the_time_went(project: Callable[..., Loop]) -> None:
    loop = project({**FILES, "project/app/main.py": f"from app import parts\n{MAIN}"})
    loop.started()
    loop.write("app/leaf.py", "MARK = 'two'\n")
    loop.wait_for("leaf", "two")
    loop.settle()
    loop.write("app/leaf.py", "MARK = 'three'\n")
    loop.wait_for("leaf", "three")
    loop.settle()
    loop.write("app/base.py", "MARK = 'two'\n")
    loop.wait_for("base", "two")
    running = report(loop)
    assert "app.main:app: the last 4 reloads, in milliseconds" in running
    leaf, base = running.rpartition("app/leaf.py")[2], running.rpartition("  app/base.py")[2]
    assert leaf.splitlines()[1].strip() == "from the warm process"
    assert base.splitlines()[1].strip() == (
        "not from the warm process: app.base had been imported ahead, because it was not one of the files edited last"
    )
    assert "app.base is imported by 12 of 15 modules, so an edit of it imports these again (" in running
    assert "The start-up of the application (lifespan) took 4" in running
    assert "slowest imports: app.part" in base
    assert "edits are found by file events" in running
    loop.write("app/leaf.py", "MARK =\n")
    loop.wait_for_stale("SyntaxError")
    loop.end()
    after = report(loop)
    assert "it did not start: SyntaxError: invalid syntax" in after
    assert "the last 5 reloads" in after
