"""Room on the disk, and the line ends of scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.doctor import disk, line_ends
from cli.doctor.disk import GIGABYTE, Room
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, states, wrong


@pytest.mark.parametrize(
    ("room", "state"),
    [
        (Room(3 * GIGABYTE, 100_000), "ok"),
        (Room(3 * GIGABYTE, None), "ok"),
        (Room(3 * GIGABYTE - 1, 100_000), "warning"),
        (Room(1 * GIGABYTE, None), "warning"),
        (Room(1 * GIGABYTE - 1, 100_000), "problem"),
        (Room(3 * GIGABYTE, 99_999), "warning"),
        (Room(3 * GIGABYTE, 19_999), "problem"),
    ],
)
@pytest.mark.parametrize("whose", ["the checkout", "Docker"])
def test_little_room_is_said_in_time(room: Room, state: str, whose: str) -> None:
    found = disk.judge(whose, room)
    assert found.state == state
    assert (found.cure is None) == (state == "ok")


def test_both_file_systems_are_looked_at(machine: MakeMachine, docker: FakeDocker, tmp_path: Path) -> None:
    docker(info=f"echo {tmp_path}")
    found = disk.check(machine())
    assert len(found) == 2
    assert all("free for" in each.message for each in found)


def test_data_of_docker_that_cannot_be_seen_are_skipped(machine: MakeMachine, docker: FakeDocker, tmp_path: Path) -> None:
    docker(info="echo /in/another/machine")
    assert states(disk.check(machine()))[1] == "skipped"
    docker(info="exit 1")
    assert states(disk.check(machine()))[1] == "skipped"
    assert len(disk.check(machine(only_path=tmp_path))) == 1


@pytest.fixture
def scripts(checkout: Path) -> list[Path]:
    paths = [checkout / name for name in ("scripts/bootstrap.sh", "docker/postgres/init/make.sh", ".devcontainer/initialize.sh")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"#!/usr/bin/env bash\necho\n")
    return paths


def test_unix_line_ends_are_well(machine: MakeMachine, scripts: list[Path]) -> None:
    assert states(line_ends.check(machine())) == ["ok"]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_script_from_windows_is_named(machine: MakeMachine, scripts: list[Path], checkout: Path, which: int) -> None:
    scripts[which].write_bytes(b"#!/usr/bin/env bash\r\necho\r\n")
    found = line_ends.check(machine())
    assert states(found) == ["problem"]
    assert str(scripts[which].relative_to(checkout)) in wrong(found)
    assert "discards uncommitted edits" in wrong(found)


def test_several_are_counted(machine: MakeMachine, scripts: list[Path]) -> None:
    for path in scripts:
        path.write_bytes(b"echo\r\n")
    assert "and 2 more" in wrong(line_ends.check(machine()))
