"""Files that the application writes itself, and files that options include and exclude."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.integration.devloop.test_trust import SERVER, next_generation_says, says
from tests.support.loop import Loop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop watched")]

WRITES = "import time\nfrom pathlib import Path\nPath('app/state.json').write_text(str(time.time()))\n"


@pytest.mark.parametrize("slow", [0, 0.5], ids=["a quick start", "a start that takes longer than the look at edits"])
def test_a_file_that_the_application_writes_whenever_it_starts(project: Callable[..., Loop], slow: float) -> None:
    loop = project({"project/app/main.py": f"{WRITES}time.sleep({slow})\nsays = lambda: 'first'\n{SERVER}"})
    loop.start()
    loop.wait_for_log("the application writes app/state.json whenever it starts")
    loop.wait_for_log("devloop: generation")
    time.sleep(1.5)
    before = loop.get("/").generation
    time.sleep(1.5)
    assert loop.get("/").generation == before, loop.log
    assert before <= 4, loop.log
    loop.edit("app/main.py", "'first'", "'second'")
    says(loop, "second")
    time.sleep(1)
    assert loop.get("/").generation == before + 1, loop.log
    assert loop.log.count("the application writes") == 1


def test_files_that_options_include_and_exclude(project: Callable[..., Loop]) -> None:
    loop = project(
        {
            "project/app/main.py": "from pathlib import Path\n"
            "says = lambda: ' '.join(Path('app', name).read_text() for name in ('a.graphql', 'b.txt', 'cache/c.py'))\n" + SERVER,
            "project/app/a.graphql": "a0",
            "project/app/b.txt": "b0",
            "project/app/cache/c.py": "c0",
        }
    )
    loop.started("--include", "*.graphql", "--exclude", "*.txt", "--exclude", "app/cache")
    says(loop, "a0 b0 c0")
    before = loop.get("/").generation
    loop.write("app/b.txt", "b1")
    loop.write("app/cache/c.py", "c1")
    time.sleep(0.5)
    with next_generation_says(loop, "a1 b1 c1"):
        loop.write("app/a.graphql", "a1")
    assert loop.get("/").generation == before + 1
    loop.wait_for_log("ms: app/a.graphql\n")
