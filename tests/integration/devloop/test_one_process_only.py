"""Applications of which only one process may be there at a time, or that may be made only once in a process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.devloop.test_trust import SERVER, next_generation_says, says
from tests.support.loop import Loop
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop one")]

LOCKED = "import fcntl\nLOCK = open('lock', 'w')\nfcntl.flock(LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)\nsays = lambda: 'first'\n"
FACTORY = f"""
MADE = []
says = lambda: len(MADE)
{SERVER}
def create_app():
    MADE.append(1)
    return app
"""


@pytest.mark.parametrize("option", [[], ["--stop-first"]], ids=["noticed", "asked for"])
def test_what_is_locked_at_import_is_taken_over(project: Callable[..., Loop], option: list[str]) -> None:
    loop = project({"project/app/main.py": LOCKED + SERVER})
    loop.started(*option)
    says(loop, "first")
    for old, new in (("first", "second"), ("second", "third")):
        loop.edit("app/main.py", f"'{old}'", f"'{new}'")
        says(loop, new)
        loop.settle()
    assert loop.log.count("as with --stop-first") == (0 if option else 1), loop.log


def test_code_that_does_not_start_when_the_old_process_has_ended_shows_its_error(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": LOCKED + SERVER})
    loop.started("--stop-first")
    loop.edit("app/main.py", "'first'", "undefined_name + str(undefined_name)\nundefined_name")
    loop.wait_for_page("undefined_name")
    loop.edit("app/main.py", "undefined_name + str(undefined_name)\nundefined_name", "'mended'")
    says(loop, "mended")


def test_another_error_leaves_the_old_process_alone(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": "says = lambda: 'first'\n" + SERVER})
    loop.started()
    loop.edit("app/main.py", "says =", "raise ValueError('no block of locks')\nsays =")
    until(lambda: "no block of locks" in (loop.get("/").stale or ""), lambda: loop.log)
    assert loop.get("/").text == "first"


@pytest.mark.parametrize("option", [[], ["--factory"]], ids=["noticed", "asked for"])
def test_a_factory_is_called_once(project: Callable[..., Loop], option: list[str]) -> None:
    loop = project({"project/app/main.py": FACTORY})
    loop.started(*option, target="app.main:create_app")
    says(loop, "1")


def test_a_factory_that_does_not_look_like_one(project: Callable[..., Loop]) -> None:
    loop = project({"project/app/main.py": FACTORY.replace("create_app():", "create_app(name='x', more=()):")})
    loop.started("--factory", target="app.main:create_app")
    says_at_once = loop.get("/").text
    assert says_at_once == "1"
    with next_generation_says(loop, "2"):
        loop.edit("app/main.py", "len(MADE)", "len(MADE) + 1")
