"""Code that is edited while it is served, in the development loop and without it."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from app.settings import CHECKOUT
from tests.support.served import LINUX, Served
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code that may be edited."""
    for name in ("app", "cli", "pipeline", "tools", "devloop", "alembic"):
        # with its bytecode, which fits as long as the times of the files are kept
        shutil.copytree(CHECKOUT / name, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


def test_without_the_loop_an_edit_is_served_and_broken_code_is_not(serve: Callable[..., Served], checkout: Path) -> None:
    code = checkout / "app" / "main.py"
    good = code.read_text()
    served = serve(RELOAD="1").start(checkout=checkout, without_loop=True)

    def replaced(pid: int) -> bool:
        """Whether that API has ended; requests are answered meanwhile."""
        assert served.get("/health")[0] == 200
        return not psutil.pid_exists(pid)

    served.wait_until_it_answers()
    served.wait_for_output("worker_ready")
    assert "Every edit restarts the API, without the development loop and its debugger: it is made for another system." in served.output
    first = served.api().pid
    number = 0

    def edited() -> bool:
        """Once more each time: nobody says when the watcher has begun."""
        nonlocal number
        number += 1
        code.write_text(f"{good}\n# edit {number}\n")
        return "app/main.py changed" in served.output

    until(edited, lambda: served.output, step=1)
    until(lambda: replaced(first), lambda: served.output)
    code.write_text(f"{good}\nthis is no Python\n")
    served.wait_for_output("The new code does not start; the old code keeps answering.")
    assert "SyntaxError" in served.output
    assert served.get("/health")[0] == 200
    second = served.api().pid
    code.write_text(good)
    until(lambda: replaced(second), lambda: served.output)


@LINUX
def test_in_the_loop_an_edit_of_api_or_pipeline_is_served_and_broken_code_is_not(serve: Callable[..., Served], checkout: Path) -> None:
    code, schedule = checkout / "app" / "main.py", checkout / "pipeline" / "schedule.py"
    good = code.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        debug_port = taken.getsockname()[1]
        served = serve(RELOAD="1", API_DEBUG_PORT=str(debug_port), PIPELINE_DEBUG_PORT="0").start(checkout=checkout)
        served.wait_until_it_answers()
        served.wait_for_output("worker_ready")
        served.wait_for_output(f"The debug port {debug_port} is not available")
    code.write_text(good.replace('title="Draft Queen"', 'title="Edited"'))
    served.wait_for_output("api | devloop: generation 2")
    until(lambda: b'"title":"Edited"' in served.get("/openapi.json")[1], lambda: served.output)
    code.write_text(f"{good}\nthis is no Python\n")
    served.wait_for_output("the last good code keeps working: SyntaxError")
    assert served.get("/health")[0] == 200
    schedule.write_text(schedule.read_text() + "\n# edited\n")
    served.wait_for_output("pipeline/schedule.py")
    served.wait_for_output("worker_stopped")  # the old one
    supervisor = min(served.running("app.server:development"), key=lambda process: process.create_time())  # the others are its children
    supervisor.kill()
    served.wait_for_output("The API ended unexpectedly")
    code.write_text(good)
    served.wait_until_it_answers()
    served.send(signal.SIGINT)
    assert served.wait() == 0
    served.assert_nobody_is_left()
