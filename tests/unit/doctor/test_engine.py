"""Docker as it can be: there, old, silent, forbidden, hanging, incomplete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import engine
from cli.doctor.docker import Docker, published
from tests.unit.doctor.conftest import HANG, FakeDocker, MakeMachine, states, wrong

DENIED = "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1"
DOWN = "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1"
NO_PLUGIN = "echo \"docker: 'x' is not a docker command.\" >&2; exit 1"


def test_all_is_well(machine: MakeMachine, docker: FakeDocker) -> None:
    docker()
    assert states(engine.check(machine())) == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"version": DOWN}, "start Docker"),
        ({"version": "echo 23.0.6"}, "Docker Engine 23.0.6 is too old"),
        ({"compose": NO_PLUGIN}, "docker-compose-plugin"),
        ({"compose": "echo v2.23.3"}, "Docker Compose 2.23.3 is too old"),
        ({"buildx": NO_PLUGIN}, "docker-buildx-plugin"),
    ],
    ids=["down", "old engine", "no compose", "old compose", "no buildx"],
)
def test_each_fault_is_one_problem_with_its_cure(machine: MakeMachine, docker: FakeDocker, answers: dict[str, str], said: str) -> None:
    docker(**answers)
    found = engine.check(machine())
    assert sorted(states(found)) == ["ok", "ok", "problem"]
    assert said in wrong(found)


@pytest.mark.parametrize("asked", ["version", "compose", "buildx"])
def test_a_docker_that_hangs_is_a_finding_and_leaves_nothing_behind(
    machine: MakeMachine, docker: FakeDocker, tmp_path: Path, asked: str
) -> None:
    docker(**{asked: f"echo $$ > {tmp_path}/pid; {HANG}"})
    here = machine()
    here.__dict__["docker"] = Docker(here.environment, seconds=2)  # time enough to begin
    found = engine.check(here)
    assert "not respond" in wrong(found)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


@pytest.mark.parametrize("with_env", [False, True])
def test_without_docker_nothing_is_broken(machine: MakeMachine, tmp_path: Path, write_env: Callable[..., object], with_env: bool) -> None:
    nowhere = tmp_path / "empty"
    nowhere.mkdir()
    if with_env:
        write_env()
    found = engine.check(machine(only_path=nowhere))
    assert states(found) == ["warning"]
    assert "`make run` needs none" in wrong(found)


def test_missing_rights_are_a_note_with_the_fix(machine: MakeMachine, docker: FakeDocker) -> None:
    docker(version=DENIED)
    found = engine.check(machine())
    assert sorted(states(found)) == ["ok", "ok", "warning"]
    assert "usermod -aG docker" in wrong(found)


@pytest.mark.parametrize("version", [DENIED, DOWN])
def test_who_has_a_silent_engine_learns_that_it_goes_without(machine: MakeMachine, docker: FakeDocker, version: str) -> None:
    docker(version=version)
    assert "or work without it (`make run`)" in wrong(engine.check(machine()))


def test_a_client_that_is_no_program_is_a_finding(machine: MakeMachine, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text("\x7fELF")
    (tmp_path / "bin" / "docker").chmod(0o755)
    assert states(engine.check(machine())) == ["problem", "problem", "problem"]


def test_a_container_has_no_engine_to_look_at(machine: MakeMachine) -> None:
    assert states(engine.check(machine(in_container=True))) == ["skipped"]


@pytest.mark.parametrize(
    ("version", "is_older"), [("2.24.0", False), ("2.24", False), ("v2.9.1", True), ("2.40.3-3", False), ("5.0.0", False), ("dev", False)]
)
def test_versions_compare_as_numbers(version: str, is_older: bool) -> None:
    assert engine.older(version, (2, 24)) is is_older


@pytest.mark.parametrize(
    ("column", "ports"),
    [
        ("127.0.0.1:5678->5678/tcp, 127.0.0.1:8000->8000/tcp", {5678, 8000}),
        ("0.0.0.0:81->80/tcp, [::]:82->80/tcp, :::83->80/tcp", {81, 82, 83}),
        ("127.0.0.1:7000-7002->7000-7002/tcp", {7000, 7001, 7002}),
        ("192.168.1.5:5432->5432/tcp, [::1]:5433->5432/tcp, 127.0.0.1:53->53/udp, 6379/tcp", set()),
    ],
)
def test_published_ports_of_the_loopback(column: str, ports: set[int]) -> None:
    assert published(column) == ports
