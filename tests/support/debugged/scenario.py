"""What most tests of the debug port do: attach, stop at a line of the target, detach."""

from __future__ import annotations

from pathlib import Path

from tests.support.dap import Editor
from tests.support.debugged.process import Supervised

SOURCE = """
def scout(value):
    doubled = value * 2
    label = f"{doubled} yards"
    return label
"""
DOUBLED, LABEL, RETURN = 3, 4, 5
OURS = "devloop.debug"  # in the command line of the adapter


def attach(supervised: Supervised, target: Path, worker: int, *lines: int) -> Editor:
    editor = Editor()
    editor.attach(supervised.port, {target: lines})
    editor.wait_session(worker)
    assert supervised.wait("joined", pid=worker).flag("ok")
    return editor


def stop_and_go_on(supervised: Supervised, editor: Editor, target: Path, value: int) -> None:
    """A call of the worker that stops at the editor's breakpoint and then runs to its end."""
    answer = supervised.call("scout", value)
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.variables["value"]) == (target, DOUBLED, str(value))
    editor.continue_()
    assert supervised.result(answer) == f"{value * 2} yards"


def detach(supervised: Supervised, editor: Editor) -> None:
    sessions = len(supervised.all("detached")) + 1
    editor.detach()
    supervised.wait("detached", sessions)
    supervised.wait_nothing_left(OURS)
    assert editor.errors == []
