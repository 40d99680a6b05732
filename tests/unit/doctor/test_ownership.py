"""Users: the caller, the checkout's owner, the one in ``.env``, and root where it should not have been."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import ownership
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, states, wrong

WriteEnv = Callable[..., dict[str, str]]
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another user")


def give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def test_one_user_everywhere_is_well(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env()
    assert states(ownership.check(machine())) == ["ok"]


@pytest.mark.parametrize("name", ["HOST_UID", "HOST_GID"])
def test_another_number_in_env_is_a_problem(machine: MakeMachine, write_env: WriteEnv, name: str) -> None:
    write_env(**{name: 4711})
    found = ownership.check(machine())
    assert states(found) == ["problem"]
    assert f"{name} in .env is 4711" in wrong(found)
    assert "make up" in wrong(found)


@pytest.mark.parametrize(("security", "state"), [("[name=rootless name=seccomp]", "ok"), ("[name=seccomp]", "problem")])
def test_root_inside_is_right_for_a_rootless_engine_alone(
    machine: MakeMachine, write_env: WriteEnv, docker: FakeDocker, checkout: Path, security: str, state: str
) -> None:
    if os.getuid() == 0:
        give(checkout, 4711)
    owner = checkout.stat().st_uid
    write_env(HOST_UID=0, HOST_GID=0)
    if os.getuid() == 0:
        give(checkout, 4711)
    docker(info=f"echo '{security}'")
    found = ownership.check(machine(uid=owner, gid=owner))
    assert set(states(found)) == {state}


def test_somebody_else_in_the_checkout_is_a_problem(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env()
    found = ownership.check(machine(uid=os.getuid() + 4711))
    assert states(found) == ["problem"]
    assert f"You are user {os.getuid() + 4711}" in wrong(found)


@as_root
def test_root_in_somebody_elses_checkout_is_a_warning(machine: MakeMachine, write_env: WriteEnv, checkout: Path) -> None:
    write_env(HOST_UID=4711)
    give(checkout, 4711)
    assert states(ownership.check(machine(uid=0))) == ["warning"]


@as_root
@pytest.mark.parametrize("place", ["left.txt", "app/__pycache__/left.pyc"])
def test_what_root_left_is_named(machine: MakeMachine, checkout: Path, place: str) -> None:
    (checkout / place).parent.mkdir(parents=True, exist_ok=True)
    give(checkout, 4711)
    assert states(ownership.check(machine(uid=4711, gid=4711))) == ["ok"]
    (checkout / place).touch()
    found = ownership.check(machine(uid=4711, gid=4711))
    assert states(found) == ["problem"]
    assert f"Root owns {place}" in wrong(found)
    assert "sudo chown -R $(id -u):$(id -g) ." in wrong(found)


@as_root
def test_git_and_packages_are_not_searched(machine: MakeMachine, checkout: Path) -> None:
    give(checkout, 4711)
    for name in (".git", ".venv"):
        (checkout / name).mkdir()
        (checkout / name / "left").touch()
    assert states(ownership.check(machine(uid=4711, gid=4711))) == ["ok"]


def test_a_container_of_another_user_is_a_problem(machine: MakeMachine) -> None:
    assert states(ownership.check(machine(mounted=True))) == ["ok"]
    found = ownership.check(machine(mounted=True, uid=os.getuid() + 1))
    assert states(found) == ["problem"]
    assert "builds the image for that user" in wrong(found)


def test_the_runtime_image_has_no_checkout(machine: MakeMachine) -> None:
    assert states(ownership.check(machine(in_container=True))) == ["skipped"]
