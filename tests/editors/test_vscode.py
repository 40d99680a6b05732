"""A real VS Code, attached once with this repository's own configuration, stops at its breakpoint through every reload."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.program import CONFIGURATION, ROUNDS, Program
from tests.editors.vscode import Place, Window

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("editors")]

FUNCTION = "list_draft_picks"


def expect_stop(window: Window, program: Program) -> None:
    """The window shows where the program stands, in every part of it that says so."""
    assert window.wait_stopped() == Place(FUNCTION, program.file.name, program.line)
    assert window.marked_text.strip().startswith("return")
    assert "season=2020" in window.variable("parameters")


def test_five_edits_with_one_attach(program: Program, open_window: Callable[[Path], Window]) -> None:
    window = open_window(program.checkout)
    window.open_file(program.file)
    window.toggle_breakpoint(program.line)
    window.start_debugging(CONFIGURATION)
    program.wait_for_debugger()

    for number in range(ROUNDS + 1):
        request = program.request()
        expect_stop(window, program)
        assert [window.variable(f"edit_{each}") for each in range(1, number + 1)] == [str(each) for each in range(1, number + 1)]
        assert request.is_held_up()
        window.picture(f"round-{number}-stopped")
        window.continue_()
        assert request.wait() == 200

        if number < ROUNDS:
            window.insert_line_before(program.line, f"edit_{number + 1} = {number + 1}")
            window.save()
            program.wait_for_edit(number + 1)
            window.picture(f"round-{number}-edited")

    assert len(window.tabs) == 1, window.tabs
    assert [re.sub(r"\d+", "N", name) for name in window.sessions] == [CONFIGURATION, "Subprocess N"]
    assert window.notices == []
