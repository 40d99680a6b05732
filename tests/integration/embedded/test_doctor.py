"""``dq doctor`` looks at the embedded PostgreSQL without starting it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.doctor import embedded
from cli.doctor.disk import Room
from cli.doctor.finding import Finding
from cli.doctor.machine import Machine
from tests.conftest import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def check(data_dir: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[Finding]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in {"DATA_DIR": str(data_dir), **environment}.items():
        monkeypatch.setenv(name, value)
    return embedded.check(Machine(data_dir, os.environ, os.getuid(), os.getgid(), Path(sys.prefix)))


def test_a_running_server_is_named_with_its_users(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = check(server.folder, monkeypatch)
    assert (found.state, f"is running ({server.folder / 'postgres'}, " in found.message) == ("ok", True), found
    assert f"(process {os.getpid()})" in found.message.partition("used by ")[2]


def test_without_a_server_nothing_is_started_or_changed(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = check(empty_folder.parent, monkeypatch)
    assert (found.state, found.message) == ("skipped", "`make run` has not made its database yet")
    assert not empty_folder.exists()
    [found] = check(empty_folder.parent, monkeypatch, DATABASE_URL="postgresql://a@localhost/b")
    assert (found.state, found.message) == ("skipped", "DATABASE_URL is set, so `make run` uses that database")


def test_a_server_that_does_not_run_is_told_from_one_that_cannot(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "cluster").mkdir(parents=True)
    (empty_folder / "cluster" / "base").touch()
    [damaged] = check(empty_folder.parent, monkeypatch)
    assert (damaged.state, damaged.cure) == ("problem", "move the folder away, then run `make run`")
    (empty_folder / "cluster" / "PG_VERSION").write_text("18\n" + "x" * 2_000_000)
    [stopped] = check(empty_folder.parent, monkeypatch)
    assert (stopped.state, stopped.message) == (
        "ok",
        f"The embedded PostgreSQL is not running; `make run` starts it ({empty_folder}, 2 MB)",
    )
    with (empty_folder / "users.lock").open("ab"):
        [held] = check(empty_folder.parent, monkeypatch)
    assert held.state == "problem"
    assert f"(process {os.getpid()}), but not running" in held.message
    with subprocess.Popen(["sleep", "60"], stdout=(empty_folder / "keeper.lock").open("ab")) as keeper:
        try:
            [starting] = check(empty_folder.parent, monkeypatch)
        finally:
            keeper.kill()
    assert (starting.state, starting.message) == ("ok", f"The embedded PostgreSQL is starting or stopping ({empty_folder}, 2 MB)")


def test_little_space_on_its_own_disk_is_a_finding(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "cluster").mkdir(parents=True)
    monkeypatch.setattr(Room, "at", lambda _folder: Room(10, None))
    monkeypatch.setenv("DATA_DIR", str(empty_folder.parent))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    found = embedded.check(Machine(Path("/proc"), os.environ, os.getuid(), os.getgid(), Path(sys.prefix)))
    assert "Only 0.0 GB are free for the embedded PostgreSQL: free some space, or set DATA_DIR" in str(found[-1])
