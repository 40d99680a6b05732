"""What a changed file asks for, and where edits have to be looked for."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devloop import watch
from devloop.options import Options
from devloop.watch import SILENT_FILE_SYSTEMS, Edit, Rule, Snapshot, edits, file_system, needs_polling, rule_for, rule_of, snapshot
from tests.support.waiting import PATIENCE

MOUNTS = r"""
21 1 0:19 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/a - b,upperdir=/u
22 21 0:20 / /proc rw,nosuid - proc proc rw
30 21 0:30 / /mnt/c rw,noatime - 9p C:\134 rw,dirsync,aname=drvfs
31 21 0:31 / /workspace\040with\040spaces rw - drvfs drvfs rw
32 21 0:32 / /workspace\040with\040spaces/inside rw shared:1 master:2 - ext4 /dev/sda1 rw
33 21 0:33 / /home rw,relatime shared:7 - nfs4 server:/home rw,vers=4.2
34 21 0:34 / /home/me/fast rw - btrfs /dev/sdb rw
35 21 0:35 / /home2 rw - tmpfs tmpfs rw
36 21 0:36 / /mac rw - fuse.sshfs me@there: rw
37 21 0:37 / /tab\011and\134slash rw - cifs //server/share rw
a line that is none
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/work", "overlay"),
        ("/proc/self", "proc"),
        ("/mnt/c/code", "9p"),
        ("/mnt/cd", "overlay"),
        ("/workspace with spaces", "drvfs"),
        ("/workspace with spaces/inside/app", "ext4"),
        ("/home/me/app", "nfs4"),
        ("/home/me/fast/app", "btrfs"),
        ("/home2", "tmpfs"),
        ("/mac", "fuse.sshfs"),
        ("/tab\tand\\slash/app", "cifs"),
    ],
)
def test_the_file_system_of_a_folder(tmp_path: Path, folder: str, kind: str) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert file_system(Path(folder), tmp_path / "mountinfo") == kind


def test_the_last_of_two_mounts_at_one_place_is_the_one_that_is_seen(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_bytes(b"1 0 0:1 / /\xff rw - ext4 a rw\n1 0 0:1 / /w rw - ext4 a rw\n2 1 0:2 / /w rw - 9p b rw\n")
    assert file_system(Path("/w/app"), tmp_path / "mountinfo") == "9p"


def test_no_table_of_mounts_is_no_answer(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "missing") is None
    assert file_system(tmp_path, Path("/proc/self/mountinfo")) not in SILENT_FILE_SYSTEMS | {None}


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.anyio
async def test_a_folder_on_a_network_is_looked_at_without_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "file_system", lambda *_: "drvfs")
    assert await needs_polling(tmp_path) == "it is on drvfs, which does not tell of edits"
    assert entries(tmp_path) == []


@pytest.mark.anyio
async def test_the_probe_sees_that_the_system_tells_of_edits(tmp_path: Path) -> None:
    assert await needs_polling(tmp_path) is None
    assert entries(tmp_path) == []


@pytest.mark.anyio
async def test_the_probe_sees_that_nobody_tells_of_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, stop_event: asyncio.Event, **__: object) -> AsyncIterator[object]:
        await stop_event.wait()
        if not stop_event.is_set():
            yield object()

    monkeypatch.setattr(watch, "awatch", silent)
    assert await needs_polling(tmp_path) == "the system does not tell of edits there"
    assert entries(tmp_path) == []


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
