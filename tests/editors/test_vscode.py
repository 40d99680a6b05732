"""A real VS Code, attached once with this repository's own configuration, stops at its breakpoint through every reload."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.program import CONFIGURATION, FUNCTION, ROUNDS, Program
from tests.editors.vscode import Place, Window
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("editors")]


def expect_stop(window: Window, program: Program) -> None:
    """The window shows where the program stands: in the call stack, in the source and among the variables."""
    assert window.wait_stopped() == Place(FUNCTION, program.file.name, program.line)
    assert window.marked_text.strip().startswith("return")
    assert "season=(2020,)" in window.variable("parameters")


def test_five_edits_with_one_attach(open_window: Callable[[Path], Window], program: Program) -> None:
    window = open_window(program.checkout)
    window.open_file(program.file)
    window.set_breakpoint(program.line)
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

    until(lambda: len(window.sessions) == 2, lambda: f"not one worker's session below the first: {window.sessions}")
    assert [re.sub(r"\d+", "N", name) for name in window.sessions] == [CONFIGURATION, "Subprocess N"]
    assert window.tabs == [program.file.name]
    assert window.notices == []

    window.disconnect()
    program.served.wait_for_output("the debugger has left")
    assert program.request().wait() == 200


def test_a_folder_opened_through_a_link_shows_stops_in_the_tab_that_is_open(
    open_window: Callable[[Path], Window], program: Program, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(program.checkout)
    window = open_window(link)
    window.open_file(link / program.file.relative_to(program.checkout))
    window.set_breakpoint(program.line)
    window.start_debugging(CONFIGURATION)
    program.wait_for_debugger()

    for number in range(2):
        request = program.request()
        expect_stop(window, program)
        window.picture(f"round-{number}-stopped")
        assert window.tabs == [program.file.name]
        window.continue_()
        assert request.wait() == 200
        window.insert_line_before(program.line, f"edit_{number + 1} = {number + 1}")
        window.save()
        program.wait_for_edit(number + 1)
