"""File events: announced, swallowed, refused."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import inotify
from tests.unit.doctor.conftest import MakeMachine, states, wrong


def limits(folder: Path, watches: int, instances: int) -> Path:
    (folder / "max_user_watches").write_text(f"{watches}\n")
    (folder / "max_user_instances").write_text(f"{instances}\n")
    return folder


def test_an_edit_is_announced_and_nothing_is_left(machine: MakeMachine, checkout: Path) -> None:
    assert inotify.check(machine())[0].state == "ok"
    assert list(checkout.iterdir()) == []


def test_a_cache_that_was_there_stays(machine: MakeMachine, checkout: Path) -> None:
    (checkout / ".cache" / "mypy").mkdir(parents=True)
    inotify.check(machine())
    assert list((checkout / ".cache").iterdir()) == [checkout / ".cache" / "mypy"]


def test_an_edit_that_no_event_tells_of(tmp_path: Path) -> None:
    assert inotify.announces(tmp_path)
    assert not inotify.announces(tmp_path, edit=lambda _: None, seconds=0.1)


@pytest.mark.parametrize(
    ("announces", "said"),
    [
        (lambda _: False, "WATCHFILES_FORCE_POLLING=1"),
        (errno.EMFILE, "max_user_instances=512"),
        (errno.ENOSPC, "max_user_watches=524288"),
    ],
)
def test_a_deaf_mount_is_a_problem(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, announces: Callable[[Path], bool] | int, said: str
) -> None:
    def refuse(folder: Path) -> bool:
        raise OSError(announces, "")

    monkeypatch.setattr(inotify, "announces", refuse if isinstance(announces, int) else announces)
    found = inotify.check(machine())
    assert found[0].state == "problem"
    assert said in wrong(found)


def test_who_polls_needs_no_events(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "announces", lambda _: False)
    assert inotify.check(machine(WATCHFILES_FORCE_POLLING="true"))[0].state == "ok"


def test_low_limits_are_warnings(tmp_path: Path) -> None:
    assert inotify.limits(limits(tmp_path, 8192, 128)) == []
    found = inotify.limits(limits(tmp_path, 8191, 127))
    assert states(found) == ["warning", "warning"]
    assert "only 8191 for fs.inotify.max_user_watches" in wrong(found)
    assert "sudo sysctl fs.inotify.max_user_instances=512" in wrong(found)
    assert inotify.limits(tmp_path / "nowhere") == []


@pytest.mark.parametrize("kind", ["9p", "ext4"])
def test_the_file_system_is_the_one_mounted_nearest(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    place = str(tmp_path.resolve()).replace(" ", "\\040")
    mounts.write_text(f"1 0 8:1 / / rw - xfs /dev/a rw\n2 1 8:2 / {place} rw shared:1 - {kind} C: rw\n3 1 8:3 / {place}x rw - nfs b rw\n")
    assert inotify.file_system(tmp_path / "checkout", mounts) == kind
    assert inotify.file_system(Path("/"), mounts) == "xfs"
    assert inotify.file_system(Path("/"), tmp_path / "nowhere") is None


def test_a_mount_of_another_system_is_a_warning(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "file_system", lambda _: "9p")
    found = inotify.check(machine())
    assert found[0].state == "warning"
    assert "9p" in found[0].message


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_skipped(machine: MakeMachine, checkout: Path) -> None:
    checkout.chmod(0o555)
    assert inotify.check(machine())[0].state == "skipped"
    checkout.chmod(0o755)


def test_the_runtime_image_has_no_checkout(machine: MakeMachine) -> None:
    assert states(inotify.check(machine(in_container=True))) == ["skipped"]
