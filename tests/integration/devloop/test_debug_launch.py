"""What an editor's launch configurations start: the tests of an open file, and a `dq` command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.settings import CHECKOUT
from tests.support.dap import Editor
from tests.support.dap.editor import plain_environment
from tests.support.dap.wire import Json

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("debug")]


@pytest.fixture
def editor() -> Iterator[Editor]:
    editor = Editor()
    yield editor
    editor.vanish()


@pytest.mark.parametrize("pick", [33, 34, 255])
def test_a_test_file_stops_at_a_breakpoint_after_every_edit(editor: Editor, tmp_path_factory: pytest.TempPathFactory, pick: int) -> None:
    tmp_path = tmp_path_factory.getbasetemp() / "edited"  # one file, edited between the launches
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "test_round.py"
    path.write_text(f"def test_round():\n    pick = {pick}\n    assert pick > 32\n")
    configuration: dict[str, Json] = {"module": "pytest", "args": ["-q", "-p", "no:cacheprovider", str(path)]}
    editor.launch(configuration, {path: [3]}, cwd=tmp_path, env=plain_environment() | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.function, stop.variables["pick"]) == (path, 3, "test_round", str(pick))
    assert editor.evaluate("pick + 1") == str(pick + 1)
    editor.continue_()
    assert editor.wait_exit() == 0
    assert "1 passed" in "".join(editor.output)


def test_a_dq_command_stops_at_a_breakpoint(editor: Editor) -> None:
    entry = CHECKOUT / "cli" / "entry.py"
    lines = entry.read_text().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if line.startswith("def main"))
    line = next(
        number for number in range(first + 1, len(lines) + 1) if lines[number - 1].startswith("    ") and '"""' not in lines[number - 1]
    )
    editor.launch({"module": "cli.entry", "args": ["picks", "--help"]}, {entry: [line]}, cwd=CHECKOUT, env=plain_environment())
    stop = editor.wait_stopped()
    assert (stop.path, stop.line, stop.function) == (entry, line, "main")
    editor.continue_()
    assert editor.wait_exit() == 0
    assert "Usage: dq picks" in "".join(editor.output)
