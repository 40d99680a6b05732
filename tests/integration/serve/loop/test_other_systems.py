"""Code that is edited while `make run` serves it, where the development loop does not work: the process restarts."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.served import Served
from tests.support.waiting import until
from tests.support.writing import write_at_once

pytestmark = pytest.mark.slow


def test_on_other_systems_an_edit_restarts_the_process_on_the_same_socket(serve: Callable[..., Served], checkout: Path) -> None:
    code = checkout / "app" / "main.py"
    good = code.read_text()
    served = serve(RELOAD="1").start(checkout=checkout, plain=True)
    served.wait_until_it_answers()
    served.wait_for_output("worker_ready")
    assert "Debugger" not in served.output
    write_at_once(code, good.replace('title="Draft Queen"', 'title="Edited"'))
    served.wait_for_output("api | devloop: restarting: ")

    def is_edited() -> bool:
        with suppress(OSError):  # without the loop, the old process may end with a connection that it has just accepted
            return b'"title":"Edited"' in served.get("/openapi.json")[1]
        return False

    until(is_edited, lambda: served.output)
    write_at_once(code, f"{good}\nnot valid Python\n")
    served.wait_for_output("SyntaxError")
    write_at_once(code, good)
    assert served.get("/health")[0] == 200  # waits in the socket's queue until the code starts
    served.send(signal.SIGINT)
    assert served.wait() == 0
    served.assert_nobody_is_left()
