"""A checkout that the editor has opened through a symbolic link: it stops in the file that is open, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devloop.debug.attachment import mappings_of_links
from tests.conftest import CHECKOUT
from tests.support.dap.editor import Editor, plain_environment
from tests.support.dap.wire import Json
from tests.support.loop import Loop
from tests.support.waiting import free_port
from tests.support.writing import write_at_once
from tests.unit.test_editor_configuration import without_comments

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("devloop-debug-links")]

APPLICATION = """
from fastapi import FastAPI

MARK = "mark-0"
app = FastAPI()


@app.get("/async")
async def answer():
    value = MARK
    return {"value": value}  # here
"""


def configuration(name: str, folder: Path) -> Mapping[str, Json]:
    """What the editor makes of an entry of launch.json for the folder that it has opened."""
    text = (CHECKOUT / ".vscode" / "launch.json").read_text().replace("${workspaceFolder}", str(folder))
    found: Mapping[str, Json] = next(each for each in without_comments(text)["configurations"] if each["name"] == name)
    return found


def line_of(file: Path) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if line.endswith("# here"))


@pytest.fixture
def link(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "web").mkdir(parents=True)
    (root / "web" / "__init__.py").write_text("")
    (root / "web" / "main.py").write_text(APPLICATION)
    path = tmp_path / "link"
    path.symlink_to(root)
    return path


@pytest.fixture
def attached(link: Path) -> Iterator[tuple[Loop, Editor]]:
    """A loop, and an editor with a breakpoint in the file below the link."""
    port = free_port()
    loop, editor = Loop(link.resolve()), Editor()
    try:
        loop.started("--debug-port", str(port), target="web.main:app")
        here: dict[str, Json] = {"connect": {"host": "127.0.0.1", "port": port}}
        file = link / "web" / "main.py"
        editor.attach(port, {file: [line_of(file)]}, {**configuration("Attach: API", link), **here})
        loop.wait_for_log("a debugger is attached to generation")
        yield loop, editor
        editor.detach()
    finally:
        loop.end()


def test_an_attached_editor_stops_in_the_file_that_it_has_opened(link: Path, attached: tuple[Loop, Editor]) -> None:
    loop, editor = attached
    file = link / "web" / "main.py"
    for number in range(3):
        before = len(loop.log)
        write_at_once(file, re.sub(r'MARK = "[^"]*"', f'MARK = "mark-{number + 1}"', file.read_text(), count=1))
        loop.wait_for_log("devloop: generation", since=before)
        with loop.connection() as connection:
            connection.request("GET", "/async")
            stop = editor.wait_stopped()
            assert (stop.path, stop.line) == (file, line_of(file))
            assert stop.variables["value"] == f"'mark-{number + 1}'"
            editor.continue_()
            assert connection.getresponse().status == 200
    assert editor.errors == []


@pytest.mark.parametrize("name", ["Debug: current test file", "Debug: a dq command"])
def test_a_launched_program_stops_there_too(link: Path, name: str) -> None:
    """As a test or a command that imports a module of the checkout."""
    file = link / "web" / "work.py"
    file.write_text("value = 1\nprint(value)  # here\n")
    (link / "web" / "begin.py").write_text("import web.work\n")
    editor = Editor()
    launch = {**configuration(name, link), "module": "web.begin", "args": [], "console": "internalConsole"}
    editor.launch(launch, {file: [line_of(file)]}, cwd=link, env=plain_environment())
    stop = editor.wait_stopped()
    assert (stop.path, stop.line) == (file, 2)
    editor.continue_()
    assert editor.wait_exit() == 0


def test_only_links_get_another_mapping(link: Path) -> None:
    real = str(link.resolve())

    def mapping(remote: str) -> dict[str, Json]:
        return {"localRoot": str(link), "remoteRoot": remote}

    both: list[Json] = [mapping(str(link)), mapping(real)]
    assert mappings_of_links([mapping(str(link))]) == both
    others: list[Json] = [[mapping(real)], [mapping(f"{real}/")], both, [mapping("/workspace/of/another/machine")], [{}], ["x"], None, "x"]
    for unchanged in others:
        assert mappings_of_links(unchanged) == []
