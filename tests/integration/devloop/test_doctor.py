"""``devloop doctor`` in a real small project, while the loop runs and after."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.loop import Loop
from tests.support.waiting import PATIENCE

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
#: Of the leaf; the report has the last 20 reloads.
MOST_EDITS = 15


def report(loop: Loop) -> str:
    command = [sys.executable, "-m", "devloop", "doctor", "--last", "20"]
    return subprocess.run(command, cwd=loop.root, env=loop.environment, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def how(said: str, file: str) -> str:
    """Where the process of the last reload for this file came from."""
    return said.rpartition(f"  {file}")[2].splitlines()[1].strip()


def test_it_says_where_the_time_went(project: Callable[..., Loop]) -> None:
    loop = project({**FILES, "project/app/main.py": f"from app import parts\n{MAIN}"})
    loop.started()
    for number in range(MOST_EDITS):
        loop.write("app/leaf.py", f"MARK = 'number {number}'\n")
        loop.wait_for("leaf", f"number {number}")
        loop.settle()
        if how(report(loop), "app/leaf.py") == "from the warm process":  # not while that is still importing
            break
    else:
        pytest.fail(report(loop))
    loop.write("app/base.py", "MARK = 'two'\n")
    loop.wait_for("base", "two")
    loop.settle()
    running, reloads = report(loop), len(loop.generations)
    assert f"app.main:app: the last {reloads} reloads, in milliseconds" in running
    base = running.rpartition("  app/base.py")[2]
    assert how(running, "app/base.py") == (
        "not from the warm process: app.base had been imported ahead, because it was not one of the files edited last"
    )
    assert "app.base is imported by 12 of 15 modules, so an edit of it imports these again (" in running
    took = re.search(r"The start-up of the application \(lifespan\) took (\d+) ms", running)
    assert took is not None
    assert int(took[1]) >= 400
    assert "slowest imports: app.part" in base
    assert "edits are found by file events" in running
    loop.write("app/leaf.py", "MARK =\n")
    loop.wait_for_stale("SyntaxError")
    loop.end()
    after = report(loop)
    assert "it did not start: SyntaxError: invalid syntax" in after
    assert f"the last {reloads + 1} reloads" in after
