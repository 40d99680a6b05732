"""What the warm process imports, after edits of single modules and of those that everything depends on."""

from __future__ import annotations

import asyncio
import os
import py_compile
from pathlib import Path

import pytest

from devloop.channel import Channel
from devloop.messages import Warm
from devloop.modules import forget_bytecode
from devloop.nursery import Child
from devloop.warm import WarmProcess

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


async def imported(warm: WarmProcess, edited: list[str]) -> set[str]:
    with pytest.raises(NotForked) as refused:
        await warm.make(edited)
    return set(refused.value.args[0])


def process(files: dict[str, str]) -> WarmProcess:
    async def fork(modules: list[str]) -> Child:
        raise NotForked(modules)

    warm = WarmProcess("app.main", fork, wanted=True)
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

    warm = WarmProcess("app.main", fork, wanted=False)
    warm.learn(list(files.items()))
    await warm.make([files["app.two"]])
    assert await warm.take([files["app.two"]]) is None


@pytest.mark.anyio
async def test_a_process_that_still_imports_is_waited_for_if_the_edit_fits(files: dict[str, str]) -> None:
    ours, theirs = Channel.pair()
    worker = Channel(theirs)
    child = Child(os.getpid(), ours, 1)

    async def fork(modules: list[str]) -> Child:
        return child

    warm = WarmProcess("app.main", fork, wanted=True)
    warm.learn(list(files.items()))
    making = asyncio.create_task(warm.make([files["app.two"]]))
    await asyncio.sleep(0)
    making.cancel()  # by the next edit, while the process imports
    taking = asyncio.create_task(warm.take([files["app.two"]]))
    done, _ = await asyncio.wait([taking], timeout=0.05)
    assert not done
    worker.send(Warm([(name, files[name]) for name in ("app", "app.base", "app.one")]))
    assert await taking is child
    child.bury(0)
    worker.close()


def test_compiled_code_of_edited_files_goes_and_what_cannot_go_is_told(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("x = 1")
    compiled = Path(py_compile.compile(str(source), doraise=True) or "")
    forget_bytecode([str(source), str(tmp_path / "never-compiled.py"), str(tmp_path / "page.html")])
    assert not compiled.exists()
    compiled.mkdir()  # nobody may remove that by unlinking
    with pytest.raises(OSError, match=compiled.name):
        forget_bytecode([str(source)])
