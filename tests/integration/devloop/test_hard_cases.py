"""What is rare and hard: processes that hold a line open, code that hangs after its turn, broken code beside an edit of another file."""

from __future__ import annotations

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from tests.support.dap import Editor
from tests.support.loop import Loop
from tests.support.sample_application import FILES
from tests.support.waiting import free_port, until

pytestmark = [pytest.mark.slow]

STARTUP = "app/startup.py"
BEGIN = "STARTED.append(base.MARK)"


def test_a_killed_process_is_replaced_although_a_child_of_it_lives(make: Callable[..., Loop]) -> None:
    """A fork without exec inherits the line to the supervisor, whose end therefore never comes."""
    loop = make()
    forking = (
        f"{BEGIN}\n    import os, time\n    child = os.fork()\n    if child == 0:\n        time.sleep(600)\n    CHILDREN.append(child)"
    )
    loop.write(STARTUP, FILES[STARTUP].replace(BEGIN, forking) + "\n\nCHILDREN: list[int] = []\n")
    loop.edit("app/routes/marks.py", '"pid": os.getpid(),', '"pid": os.getpid(), "child": startup.CHILDREN[0],')
    loop.start()
    loop.wait_for_log(" started\n")
    time.sleep(1)
    answer = loop.get().json()
    os.kill(int(answer["pid"]), signal.SIGKILL)
    until(lambda: loop.get().json()["pid"] != answer["pid"], lambda: loop.log)
    for child in (int(answer["child"]), int(loop.get().json()["child"])):
        os.kill(child, signal.SIGKILL)  # ours to end: it has left its parent


def test_a_process_that_hangs_after_its_turn_does_not_keep_the_next_edit_out(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.started()
    hanging = (
        f"{BEGIN}\n    import asyncio\n\n    async def hang() -> None:\n        await asyncio.sleep(0)\n        await asyncio.sleep(0)\n"
        "        import time\n        time.sleep(600)\n    TASKS.append(asyncio.get_running_loop().create_task(hang()))"
    )
    loop.write(STARTUP, FILES[STARTUP].replace(BEGIN, hanging) + "\n\nTASKS: list[object] = []\n")
    time.sleep(1)
    loop.write(STARTUP, FILES[STARTUP].replace('"the application', '"the mended application'))
    until(lambda: _answers(loop), lambda: loop.log)


def _answers(loop: Loop) -> bool:
    try:
        return loop.get(timeout=3).status == 200
    except OSError:
        return False


def test_a_request_of_some_seconds_is_answered_by_the_old_code(loop: Loop) -> None:
    with loop.held() as finish:
        loop.set_mark("slow", "new")
        loop.wait_for("slow", "new")
        time.sleep(3)
        assert finish().json()["slow"] == "slow"


def test_a_request_is_answered_by_a_process_that_retires_while_everything_ends(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.started()
    with loop.held() as finish:
        loop.set_mark("slow", "new")
        loop.wait_for("slow", "new")
        loop.begin_end(signal.SIGTERM)
        assert finish().json()["slow"] == "slow"
    assert loop.wait() == 0


def test_a_file_that_stays_broken_is_not_forgotten_when_another_is_edited(loop: Loop) -> None:
    loop.edit("app/routes/slow.py", "from app import base", "from app import missing_name")
    loop.wait_for_stale("missing_name")
    before = len(loop.log)
    loop.set_mark("marks", "edited")
    loop.wait_for_log("the last good code keeps working", since=before)
    assert "missing_name" in (loop.get().stale or "")
    assert loop.mark("marks") == "marks"
    loop.edit("app/routes/slow.py", "from app import missing_name", "from app import base")
    loop.wait_for("marks", "edited")


def test_the_debug_port_is_there_although_the_first_start_fails(make: Callable[..., Loop]) -> None:
    loop, port = make(), free_port()
    loop.edit("app/base.py", 'MARK = "base"', "MARK = undefined_name")
    loop.start("--debug-port", str(port))
    loop.wait_for_page("NameError")
    until(lambda: "This is the debug port" in _text(port), lambda: loop.log)


def _text(port: int) -> str:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""
    return ""


def test_attaching_again_while_the_code_on_disk_is_broken_says_what_holds(make: Callable[..., Loop]) -> None:
    loop, port = make(), free_port()
    loop.started("--debug-port", str(port))
    file = loop.root / "app" / "base.py"
    editor = Editor()
    editor.attach(port, {file: []})
    loop.wait_for_log("a debugger is attached to generation 1")
    loop.edit("app/base.py", 'MARK = "base"', "MARK = undefined_name")
    loop.wait_for_stale("undefined_name")
    editor.detach()
    until(lambda: loop.log.count("the last good code keeps working") == 2, lambda: loop.log)
    again = Editor()
    again.attach(port, {file: []})
    loop.wait_for_log("was in an earlier debug session: breakpoints hold from the next code on that starts")
    loop.edit("app/base.py", "MARK = undefined_name", 'MARK = "mended"')
    loop.wait_for("base", "mended")
    again.detach()


def test_a_source_folder_that_goes_and_comes_back_is_watched_again(make: Callable[..., Loop]) -> None:
    loop = make()
    loop.started()
    (loop.root / "app").rename(loop.root / "elsewhere")
    loop.wait_for_stale("")
    (loop.root / "elsewhere").rename(loop.root / "app")
    before = len(loop.log)
    loop.set_mark("marks", "edited")
    loop.wait_for("marks", "edited")
    loop.set_mark("marks", "again")
    loop.wait_for("marks", "again")
    assert "Traceback" not in loop.log[before:]


def test_a_file_whose_name_is_no_text_does_not_end_the_loop(loop: Loop) -> None:
    process = loop.process
    strange = os.path.join(os.fsencode(loop.root / "app"), b"caf\xe9.py")  # noqa: PTH118 - no path of text
    with open(strange, "wb"):  # noqa: PTH123
        loop.set_mark("marks", "beside")
    loop.wait_for("marks", "beside")
    os.unlink(strange)  # noqa: PTH108
    loop.set_mark("marks", "after")
    loop.wait_for("marks", "after")
    assert process is not None
    assert process.poll() is None
