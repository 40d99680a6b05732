"""Code that is edited while `make run` serves it, in the development loop; the rest of it is in `loop`."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.served import LINUX, Served
from tests.support.waiting import until
from tests.support.writing import write_at_once

pytestmark = [pytest.mark.slow, LINUX]


def test_in_the_loop_an_edit_of_api_or_pipeline_is_served_and_broken_code_is_not(serve: Callable[..., Served], checkout: Path) -> None:
    code, schedule = checkout / "app" / "main.py", checkout / "pipeline" / "schedule.py"
    good = code.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        debug_port = taken.getsockname()[1]
        served = serve(RELOAD="1", API_DEBUG_PORT=str(debug_port), PIPELINE_DEBUG_PORT="0").start(checkout=checkout)
        served.wait_until_it_answers()
        served.wait_for_output("worker_ready")
        served.wait_for_output(f"The debug port {debug_port} is not available")
    write_at_once(code, good.replace('title="Draft Queen"', 'title="Edited"'))
    served.wait_for_output(": app/main.py")
    until(lambda: b'"title":"Edited"' in served.get("/openapi.json")[1], lambda: served.output)
    write_at_once(code, f"{good}\nnot valid Python\n")
    served.wait_for_output("the last good code keeps working: SyntaxError")
    assert served.get("/health")[0] == 200
    write_at_once(schedule, schedule.read_text() + "\n# edited\n")
    served.wait_for_output("pipeline/schedule.py")
    served.wait_for_output("worker_stopped")  # the old one
    supervisor = min(served.running("app.server:development"), key=lambda process: process.create_time())  # the others are its children
    supervisor.kill()
    served.wait_for_output("The API ended unexpectedly")
    write_at_once(code, good)
    served.wait_until_it_answers()
    served.send(signal.SIGINT)
    assert served.wait() == 0
    served.assert_nobody_is_left()
