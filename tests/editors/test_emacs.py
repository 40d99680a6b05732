"""A second client, independent of the first: Emacs with dap-mode, attached once, stops at its breakpoint through every reload."""

from __future__ import annotations

import re

import pytest

from tests.editors.emacs import Emacs
from tests.editors.program import CONFIGURATION, FUNCTION, ROUNDS, Program
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("editors")]


def test_five_edits_with_one_attach(emacs: Emacs, program: Program) -> None:
    emacs.call("open", str(program.checkout), str(program.file), program.line)
    emacs.call("attach", CONFIGURATION)
    program.wait_for_debugger()

    for number in range(ROUNDS + 1):
        request = program.request()
        state = emacs.wait_stopped(number + 1)
        assert (state.function, state.file, state.line) == (FUNCTION, str(program.file), program.line)
        edits = {name: value for name, value in state.variables.items() if name.startswith("edit_")}
        assert edits == {f"edit_{each}": str(each) for each in range(1, number + 1)}
        assert "season=(2020,)" in state.variables["parameters"]
        assert request.is_held_up()
        emacs.call("continue")
        assert request.wait() == 200

        if number < ROUNDS:
            emacs.call("insert-before", program.line, f"edit_{number + 1} = {number + 1}")
            program.wait_for_edit(number + 1)

    until(lambda: len(emacs.state().sessions) == 2, lambda: f"{emacs.state().sessions}\n{emacs.log}")
    assert [re.sub(r"\d+", "N", name) for name in emacs.state().sessions] == ["Subprocess N", CONFIGURATION]
    assert emacs.state().stops == ROUNDS + 1
