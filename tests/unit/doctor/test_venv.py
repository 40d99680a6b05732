"""``.venv``: whole, moved, dangling, broken, or in the way of a container."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.doctor import venv
from tests.unit.doctor.conftest import MakeMachine, states, wrong


@pytest.fixture
def environment(checkout: Path) -> Path:
    folder = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (folder / ".made-for").write_text(f"{folder}\n")
    return folder


def test_one_made_here_is_well(machine: MakeMachine, environment: Path) -> None:
    assert states(venv.check(machine())) == ["ok"]


def test_one_reached_by_another_name_is_well(machine: MakeMachine, environment: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(environment.parent)
    (environment / ".made-for").write_text(f"{tmp_path}/link/.venv\n")
    assert states(venv.check(machine())) == ["ok"]


def test_none_is_a_warning(machine: MakeMachine) -> None:
    assert states(venv.check(machine())) == ["warning"]


def test_one_from_elsewhere_is_a_problem(machine: MakeMachine, environment: Path) -> None:
    (environment / ".made-for").write_text("/workspace/.venv\n")
    said = wrong(venv.check(machine()))
    assert "made for /workspace/.venv" in said
    assert "rm -rf .venv && make install" in said


def test_a_copied_one_without_our_note_is_a_problem(machine: MakeMachine, environment: Path, checkout: Path) -> None:
    (environment / ".made-for").unlink()
    environment.rename(checkout / "old")
    (checkout / "old").rename(environment)
    config = environment / "pyvenv.cfg"
    assert states(venv.check(machine())) == ["ok"]
    config.write_text(config.read_text().replace(str(environment), "/elsewhere/.venv"))
    assert "made for /elsewhere/.venv" in wrong(venv.check(machine()))


def test_an_interpreter_that_is_gone_is_a_problem(machine: MakeMachine, environment: Path) -> None:
    python = environment / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/local/bin/python-of-a-container")
    assert "does not exist (/usr/local/bin/python-of-a-container)" in wrong(venv.check(machine()))


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("#!/bin/sh\nexit 3\n", 0o755, "exit code 3"),
        ("\x7fELF other processor", 0o755, "cannot be started"),
        ("", 0o644, "cannot be started"),
    ],
)
def test_an_interpreter_that_does_not_start_is_a_problem(
    machine: MakeMachine, environment: Path, content: str, mode: int, said: str
) -> None:
    python = environment / "bin" / "python"
    python.unlink()
    python.write_text(content)
    python.chmod(mode)
    assert said in wrong(venv.check(machine()))


def test_a_container_uses_its_own(machine: MakeMachine, environment: Path) -> None:
    image = Path("/opt/venv")
    assert states(venv.check(machine(mounted=True, prefix=image, VIRTUAL_ENV="/opt/venv", PATH="/opt/venv/bin:/usr/bin"))) == ["ok"]
    late = f"/opt/venv/bin:{environment}/bin"
    assert states(venv.check(machine(mounted=True, prefix=image, PATH=late))) == ["ok"]


def test_a_container_poisoned_by_the_hosts_is_a_problem(machine: MakeMachine, environment: Path) -> None:
    image = Path("/opt/venv")
    poisoned = [
        machine(mounted=True, prefix=image, VIRTUAL_ENV=str(environment)),
        machine(mounted=True, prefix=image, UV_PROJECT_ENVIRONMENT=str(environment)),
        machine(mounted=True, prefix=image, PATH=f"{environment}/bin:/opt/venv/bin"),
        machine(mounted=True, prefix=environment),
    ]
    for each in poisoned:
        found = venv.check(each)
        assert states(found) == ["problem"]
        assert "/opt/venv/bin first" in wrong(found)


def test_the_runtime_image_has_no_checkout(machine: MakeMachine) -> None:
    assert states(venv.check(machine(in_container=True))) == ["skipped"]
