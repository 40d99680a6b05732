"""Where file events can be relied on, and what decides whether the loop polls."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from watchfiles import main as watchfiles_main

from devloop import polling
from devloop.options import Polling
from devloop.polling import SILENT_FILE_SYSTEMS, decide, file_system, why_silent

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


def test_without_a_table_of_mounts_the_kind_is_unknown(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "missing") is None
    assert file_system(tmp_path, Path("/proc/self/mountinfo")) not in SILENT_FILE_SYSTEMS | {None}


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.anyio
async def test_a_network_file_system_needs_no_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "file_system", lambda *_: "drvfs")
    assert await why_silent([tmp_path]) == f"{tmp_path} is on drvfs, which does not report every edit"
    assert entries(tmp_path) == []


@pytest.mark.anyio
async def test_the_probe_sees_file_events(tmp_path: Path) -> None:
    assert await why_silent([tmp_path]) is None
    assert entries(tmp_path) == []


@pytest.mark.anyio
async def test_the_probe_sees_that_no_events_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, stop_event: asyncio.Event, **__: object) -> AsyncIterator[object]:
        await stop_event.wait()
        if not stop_event.is_set():
            yield object()

    monkeypatch.setattr(polling, "awatch", silent)
    assert await why_silent([tmp_path]) == f"the system reports no edits in {tmp_path}"
    assert entries(tmp_path) == []


@pytest.mark.anyio
async def test_the_probe_goes_on_after_a_moment_without_a_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(*_folders: Path, **_options: object) -> AsyncIterator[set[object]]:
        time.sleep(1.2)  # noqa: ASYNC251 - nothing else runs meanwhile
        await asyncio.sleep(0.2)
        yield set()

    monkeypatch.setattr(polling, "awatch", late)
    assert await why_silent([tmp_path]) is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mode", "environment", "silent", "line"),
    [
        ("auto", {}, False, "edits are found by file events"),
        ("auto", {}, True, "edits are found by polling every 0.3 s: the system reports no edits in {folder}"),
        ("on", {}, False, "edits are found by polling every 0.3 s: polling is on"),
        ("off", {}, True, "edits are found by file events: polling is off"),
        ("auto", {"WATCHFILES_FORCE_POLLING": "true"}, False, "edits are found by polling every 0.3 s: WATCHFILES_FORCE_POLLING is true"),
        ("auto", {"WATCHFILES_FORCE_POLLING": "Disable"}, True, "edits are found by file events: WATCHFILES_FORCE_POLLING is Disable"),
        ("auto", {"WATCHFILES_FORCE_POLLING": ""}, False, "edits are found by file events"),
        ("off", {"WATCHFILES_FORCE_POLLING": "1"}, False, "edits are found by file events: polling is off"),
        ("on", {"WATCHFILES_FORCE_POLLING": "false"}, False, "edits are found by polling every 0.3 s: polling is on"),
    ],
)
async def test_what_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Polling, environment: dict[str, str], silent: bool, line: str
) -> None:
    async def no_events(folder: Path) -> str | None:
        return f"the system reports no edits in {folder}" if silent else None

    monkeypatch.setattr(polling, "_no_events", no_events)
    assert str(await decide(mode, [tmp_path], environment)) == line.format(folder=tmp_path)


@pytest.mark.parametrize("value", ["1", "true", "yes", "false", "FALSE", "disable", "Disabled", "0"])
def test_the_variable_means_what_it_means_to_watchfiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv(polling.VARIABLE, value)
    theirs = watchfiles_main._default_force_polling(None)
    assert asyncio.run(decide("auto", [tmp_path], {polling.VARIABLE: value})).polling is theirs


@pytest.mark.anyio
async def test_every_folder_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / "app", tmp_path / "shared"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(polling, "file_system", lambda folder, _: "9p" if folder.name == "shared" else "ext4")
    assert await why_silent(folders) == f"{folders[1]} is on 9p, which does not report every edit"


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
def test_the_decision_is_printed_for_other_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path, mode: str) -> None:
    assert polling.main(["--polling", mode, str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"polling": mode == "on", "reason": None if mode == "auto" else f"polling is {mode}", "silent": None}


@pytest.mark.anyio
async def test_the_probe_can_be_cancelled_at_the_moment_it_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at a stop in the first second: a loop that goes on watching then never ends."""

    async def told_and_stopped(*_folders: Path, **_options: object) -> AsyncIterator[set[object]]:
        await asyncio.sleep(0.05)  # until its event is waited for
        yield set()
        probe.cancel()

    monkeypatch.setattr(polling, "awatch", told_and_stopped)
    probe = asyncio.create_task(polling.why_silent([tmp_path]))
    with pytest.raises(asyncio.CancelledError):
        await probe
