"""What a changed file asks for."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devloop import watch
from devloop.options import Options
from devloop.watch import Edit, Rule, Snapshot, edits, is_watched, rule_for, rule_of, snapshot
from tests.support.waiting import PATIENCE


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a.py", Rule.CODE), ("a.sql", Rule.CODE), ("a.so", Rule.CODE), ("a.json", Rule.CODE), ("a.toml", Rule.CODE), ("a.csv", Rule.CODE),
        ("a.html", Rule.PAGE), ("a.css", Rule.PAGE), ("a.js", Rule.PAGE), ("a.woff2", Rule.PAGE), ("a.html.jinja", Rule.PAGE),
        ("a.pyc", None), (".a.py", None), (".devloop-1", None), ("a.py~", None), ("a", None), ("a.md", None), ("py", None),
    ],
)  # fmt: skip
def test_what_a_file_asks_for(name: str, rule: Rule | None) -> None:
    assert rule_for(f"/some.py/folder/{name}") is rule
    assert rule_for(name) is rule


@given(st.text(alphabet=st.characters(blacklist_characters="/\0"), min_size=1), st.sampled_from(["", ".py", ".html", ".PY", ".pyc"]))
def test_a_hidden_file_never_asks_for_anything(name: str, suffix: str) -> None:
    assert rule_for(f"/folder/.{name}{suffix}") is None
    assert rule_for(f"/.folder/a{name.lstrip('.')}.py", [Path("/.folder")]) is Rule.CODE
    assert rule_for(f"/folder/.hidden/a{name}.py", [Path("/folder")]) is None


async def first(options: Options, count: int, before: Snapshot) -> list[Edit]:
    found = []
    async for edit in edits(options, False, before):
        found.append(edit)
        if len(found) == count:
            break
    return found


@pytest.mark.anyio
async def test_one_batch_of_many_rules_comes_in_the_order_of_its_weight(tmp_path: Path) -> None:
    lock, source = tmp_path / "requirements" / "dev.txt", tmp_path / "app"
    for folder in (lock.parent, source, source / "node_modules"):
        folder.mkdir()
    old = source / "old.py"
    old.touch()
    await asyncio.sleep(0.05)
    options = Options("asgi", "app.main:app", tmp_path, (source,), locks=(lock,))
    before = snapshot(options)
    files = [lock, tmp_path / ".env", source / "a.py", source / "b.py", source / "c.html"]
    for file in [*files, source / "node_modules" / "d.js", tmp_path / "e.py", source / "f.md"]:
        file.write_text("text")
    found = await asyncio.wait_for(first(options, 4, before), PATIENCE)
    a, b = str(source / "a.py"), str(source / "b.py")
    assert found == [
        Edit(Rule.DEPENDENCIES, (str(lock),)),
        Edit(Rule.SETTINGS, (str(tmp_path / ".env"),)),
        Edit(Rule.CODE, (a, b)),
        Edit(Rule.PAGE, (str(source / "c.html"),)),
    ]


@pytest.mark.anyio
async def test_an_emptied_file_is_waited_for_and_one_that_stays_empty_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.touch()
    started = time.monotonic()
    await watch._until_written({str(file), str(tmp_path / "missing.py")})
    assert time.monotonic() - started >= watch._EMPTY_SECONDS
    timer = threading.Timer(0.01, file.write_text, ("text",))
    timer.start()
    await watch._until_written({str(file)})
    timer.join()


@pytest.mark.anyio
async def test_files_in_a_new_folder_are_told_however_quickly_they_were_written(tmp_path: Path) -> None:
    source = tmp_path / "app"
    source.mkdir()
    options = Options("asgi", "app.main:app", tmp_path, (source,))
    waiting = asyncio.create_task(first(options, 1, snapshot(options)))
    await asyncio.sleep(0.5)
    beside = tmp_path / "moved" / "inner"
    (beside / "node_modules").mkdir(parents=True)
    for file in (beside / "a.py", beside / "b.md", beside / "node_modules" / "c.js"):
        file.write_text("text")
    beside.parent.rename(source / "moved")  # at once, so that nobody can tell of the files in it
    assert await asyncio.wait_for(waiting, PATIENCE) == [Edit(Rule.CODE, (str(source / "moved" / "inner" / "a.py"),))]


@pytest.mark.anyio
async def test_what_was_deleted_or_written_with_an_old_time_before_anybody_watched_is_told(tmp_path: Path) -> None:
    source = tmp_path / "app"
    source.mkdir()
    gone, older = source / "gone.py", source / "older.py"
    for file in (gone, older):
        file.write_text("text")
    options = Options("asgi", "app.main:app", tmp_path, (source,))
    before = snapshot(options)
    gone.unlink()
    older.write_text("other")
    os.utime(older, (1_000_000_000, 1_000_000_000))
    assert await asyncio.wait_for(first(options, 1, before), PATIENCE) == [Edit(Rule.CODE, (str(gone), str(older)))]


@pytest.mark.anyio
async def test_a_source_folder_that_goes_and_comes_back_is_watched_again(tmp_path: Path) -> None:
    source = tmp_path / "app"
    source.mkdir()
    file = source / "a.py"
    file.write_text("text")
    options = Options("asgi", "app.main:app", tmp_path, (source,))
    seen: asyncio.Queue[Edit] = asyncio.Queue()

    async def look() -> None:
        async for edit in edits(options, False, snapshot(options)):
            seen.put_nowait(edit)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.5)
    shutil.rmtree(source)
    await asyncio.wait_for(seen.get(), PATIENCE)  # the deletion
    source.mkdir()
    file.write_text("back")
    await asyncio.wait_for(seen.get(), PATIENCE)  # what is there again
    await asyncio.sleep(0.5)
    while not seen.empty():
        seen.get_nowait()
    file.write_text("edited")
    assert (await asyncio.wait_for(seen.get(), PATIENCE)).files == (str(file),)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("app/schema.graphql", Rule.CODE),
        ("app/.hidden.graphql", Rule.CODE),
        ("app/main.py", Rule.CODE),
        ("app/page.html", Rule.PAGE),
        ("app/notes.md", None),
        ("app/words.txt", None),
        ("app/cache/part.py", None),
        ("app/cached/part.py", Rule.CODE),
    ],
)
def test_options_include_and_exclude_files(tmp_path: Path, file: str, rule: Rule | None) -> None:
    options = Options("asgi", "app:app", tmp_path, (tmp_path / "app",), include=("*.graphql",), exclude=("*.txt", "app/cache"))
    assert rule_of(str(tmp_path / file), options) == rule


def test_a_file_behind_a_link_is_watched_where_the_link_leads_to(tmp_path: Path) -> None:
    """Otherwise one edit would make two generations: of the file, and of its name below the link."""
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (checkout / "app").mkdir(parents=True)
    elsewhere.mkdir()
    (tmp_path / "link").symlink_to(checkout)
    (checkout / "app" / "linked.py").symlink_to(elsewhere / "linked.py")
    options = Options("asgi", "app.main:app", checkout, (checkout / "app",))
    assert is_watched(f"{tmp_path}/link/app/main.py", options)
    assert not is_watched(f"{checkout}/app/linked.py", options)
    assert not is_watched(f"{tmp_path}/link/README.md", options)
