"""The debug port as an editor sees it: attach once, stop anywhere, stay attached over every new worker; nothing else disturbs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dap import Editor
from tests.support.debugged.process import Supervised

SOURCE = """
def scout(value):
    doubled = value * 2
    label = f"{doubled} yards"
    return label
"""
DOUBLED, LABEL, RETURN = 3, 4, 5


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def supervised(target: Path) -> Iterator[Supervised]:
    with Supervised(target) as running:
        yield running


@pytest.mark.parametrize("start_debugging", [True, False], ids=["startDebugging", "debugpyAttach"])
def test_attach_stop_look_step_and_go_on(supervised: Supervised, target: Path, start_debugging: bool) -> None:
    worker = supervised.new_worker()
    editor = Editor(start_debugging=start_debugging)
    editor.attach(supervised.port, {target: [DOUBLED]})
    editor.wait_session(worker)
    assert supervised.wait("joined", pid=worker).flag("ok")

    answer = supervised.call("scout", 21)
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.function, stop.variables["value"]) == (target, DOUBLED, "scout", "21")
    assert editor.evaluate("value + 1") == "22"
    stop = editor.step()
    assert (stop.line, stop.variables["doubled"]) == (LABEL, "42")
    editor.set_breakpoints({target: [RETURN]})
    editor.continue_()
    stop = editor.wait_stopped()
    assert (stop.line, stop.variables["label"]) == (RETURN, "'42 yards'")
    editor.continue_()
    assert supervised.result(answer) == "42 yards"

    editor.detach()
    supervised.wait("detached")
    supervised.wait_nothing_left("devloop.debug")
    assert editor.errors == []
