"""What the warm processes import, after edits of single modules and of those that everything depends on."""

from __future__ import annotations

import asyncio
import os
import py_compile
from collections.abc import Coroutine, Iterator
from pathlib import Path

import pytest

from devloop.channel import Channel
from devloop.messages import Warm
from devloop.modules import forget_bytecode
from devloop.nursery import Child
from devloop.warm import WarmProcesses

SOURCES = {
    "app": "",
    "app.base": "",
    "app.one": "from app import base",
    "app.two": "from app import base",
    "app.three": "from app import base",
    "app.four": "from app import base",
    "app.main": "from app import one, two, three, four",
}


class NotForked(Exception):
    """What would have been forked."""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    found = {}
    for age, (name, text) in enumerate(SOURCES.items()):
        file = tmp_path / f"{name.replace('.', '/') if name != 'app' else 'app/__init__'}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        os.utime(file, (1_000_000 - age, 1_000_000 - age))  # the first one is the newest
        found[name] = str(file)
    return found


async def imported(warm: WarmProcesses, edited: list[str]) -> set[str]:
    with pytest.raises(NotForked) as refused:
        await warm.make(edited)
    return set(refused.value.args[0])


def process(files: dict[str, str]) -> WarmProcesses:
    async def fork(modules: list[str]) -> Child:
        raise NotForked(modules)

    warm = WarmProcesses("app.main", fork, wanted=True)
    warm.learn(list(files.items()))
    return warm


@pytest.mark.anyio
async def test_all_but_what_depends_on_the_file_edited_last(files: dict[str, str]) -> None:
    assert await imported(process(files), [files["app.two"]]) == {"app", "app.base", "app.one", "app.three", "app.four"}


@pytest.mark.anyio
async def test_two_files_that_are_edited_in_turn_are_both_left_out(files: dict[str, str]) -> None:
    warm = process(files)
    await imported(warm, [files["app.two"]])
    assert await imported(warm, [files["app.three"]]) == {"app", "app.base", "app.one", "app.four"}


@pytest.mark.anyio
async def test_an_earlier_edit_of_what_everything_imports_does_not_empty_it(files: dict[str, str]) -> None:
    warm = process(files)
    await imported(warm, [files["app.base"]])
    assert await imported(warm, [files["app.two"]]) == {"app", "app.base", "app.one", "app.three", "app.four"}


@pytest.mark.anyio
async def test_at_first_the_newest_file_counts_that_leaves_something_to_import(files: dict[str, str]) -> None:
    assert await imported(process(files), []) == {"app", "app.base", "app.two", "app.three", "app.four"}


@pytest.mark.anyio
async def test_who_wants_none_gets_none(files: dict[str, str]) -> None:
    async def fork(modules: list[str]) -> Child:
        raise NotForked(modules)

    warm = WarmProcesses("app.main", fork, wanted=False)
    warm.learn(list(files.items()))
    await warm.make([files["app.two"]])
    assert await warm.take([files["app.two"]]) is None


class Processes:
    """Processes that import what the test says they have imported."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self.asked: list[list[str]] = []
        self._lines: list[tuple[Child, Channel]] = []

    async def fork(self, modules: list[str]) -> Child:
        ours, theirs = Channel.pair()
        child = Child(2**22 + 1, ours, 1)  # no process has that number
        self.asked.append(modules)
        self._lines.append((child, Channel(theirs)))
        return child

    async def import_all(self, number: int) -> Child:
        """Have that process finish its imports."""
        child, line = self._lines[number]
        line.send(Warm([(name, self._files[name]) for name in self.asked[number]]))
        await child.until(lambda: child.is_warm)
        return child

    async def both(self, make: Coroutine[object, object, None]) -> tuple[Child, Child]:
        """Have the first two processes made."""
        making = asyncio.create_task(make)
        await settled()
        first = await self.import_all(0)
        await settled()
        second = await self.import_all(1)
        await making
        return first, second

    def end(self, number: int) -> None:
        child, line = self._lines[number]
        child.reap(0)
        line.close()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def processes(files: dict[str, str]) -> Iterator[Processes]:
    made = Processes(files)
    yield made
    for number in range(len(made.asked)):
        made.end(number)


@pytest.mark.anyio
async def test_a_process_that_still_imports_is_waited_for_if_the_edit_fits(files: dict[str, str], processes: Processes) -> None:
    warm = WarmProcesses("app.main", processes.fork, wanted=True)
    warm.learn(list(files.items()))
    making = asyncio.create_task(warm.make([files["app.two"]]))
    await settled()
    making.cancel()  # by the next edit, while the process imports
    taking = asyncio.create_task(warm.take([files["app.two"]]))
    await settled()
    assert not taking.done()
    assert await processes.import_all(0) is await taking


@pytest.mark.anyio
async def test_the_first_edit_of_a_leaf_finds_a_process_without_leaves(large: dict[str, str]) -> None:
    processes = Processes(large)
    warm = WarmProcesses("app.main", processes.fork, wanted=True)
    warm.learn(list(large.items()))
    without_leaves, _ = await processes.both(warm.make([large["app.one"]]))
    assert processes.asked[0] == [name for name in large if name not in ("app.one", "app.two", "app.main")]
    assert "app.two" in processes.asked[1]
    taking = asyncio.create_task(warm.take([large["app.two"]]))
    await settled()
    processes.end(1)  # it has imported the old app.two, so it was asked to end
    assert await taking is without_leaves
    processes.end(0)


@pytest.mark.anyio
async def test_a_process_without_leaves_is_taken_while_the_next_one_imports(large: dict[str, str]) -> None:
    processes = Processes(large)
    warm = WarmProcesses("app.main", processes.fork, wanted=True)
    warm.learn(list(large.items()))
    without_leaves, recent = await processes.both(warm.make([large["app.one"]]))
    assert await warm.take([large["app.one"]]) is recent
    making = asyncio.create_task(warm.make([large["app.one"]]))
    await settled()
    assert processes.asked[2:] == [processes.asked[1]]
    making.cancel()
    assert await warm.take([large["app.one"]]) is without_leaves
    for number in range(3):
        processes.end(number)


@pytest.fixture
def large(tmp_path: Path) -> dict[str, str]:
    """An application in which most modules are used by several others."""
    used = [f"app.used_{number}" for number in range(200)]
    imports = "".join(f"import {name}\n" for name in used)
    more = {"app": "", **dict.fromkeys(used, ""), "app.one": imports, "app.two": imports, "app.main": "import app.one, app.two"}
    more[used[-1]] = "".join(f"import {name}\n" for name in used[:-1])  # so that each has three users at least
    found = {}
    for name, text in more.items():
        file = tmp_path / f"{name.replace('.', '/') if name != 'app' else 'app/__init__'}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        found[name] = str(file)
    return found


def test_compiled_code_of_edited_files_goes_and_what_cannot_go_is_told(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("x = 1")
    compiled = Path(py_compile.compile(str(source), doraise=True) or "")
    forget_bytecode([str(source), str(tmp_path / "never-compiled.py"), str(tmp_path / "page.html")])
    assert not compiled.exists()
    compiled.mkdir()  # nobody may remove that by unlinking
    with pytest.raises(OSError, match=compiled.name):
        forget_bytecode([str(source)])
