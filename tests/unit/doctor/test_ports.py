"""Ports: free, of this stack, of another one, of any program."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import ports
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, container, states, wrong
from tools.compose_variables import COMPOSE_VARIABLES

WriteEnv = Callable[..., dict[str, str]]


def test_free_ports_are_one_line(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv) -> None:
    docker()
    write_env()
    found = ports.check(machine())
    assert states(found) == ["ok"]
    assert "free" in found[0].message


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104 - what others bind is the case to be tried
@pytest.mark.parametrize("name", ["API_PORT", "API_DEBUG_PORT"])
def test_a_taken_port_names_its_holder_and_its_variable(
    machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, address: str, name: str
) -> None:
    docker()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family, dualstack_ipv6=":" in address) as holder:
        port = holder.getsockname()[1]
        write_env(**{name: port, "INSTANCE": 3})
        found = ports.check(machine())
    assert states(found) == ["ok", "problem"]
    said = wrong(found)
    assert f"Port {port} ({name}) is taken by" in said
    assert f"(process {os.getpid()})" in said
    assert "make up INSTANCE=4" in said
    assert f"another number for {name}" in said


LISTEN = "import socket, sys; held = socket.create_server(('127.0.0.1', 0)); print(held.getsockname()[1], flush=True); sys.stdin.read()"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process says what it listens to")
@pytest.mark.parametrize(
    ("arguments", "elsewhere", "own"),
    [
        (["-m", "devloop", "asgi"], False, True),
        (["-m", "app.server"], False, True),
        ([".venv/bin/dq", "serve"], False, True),
        ([".venv/bin/dq", "serve"], True, False),
        ([".venv/bin/dq", "load"], False, False),
        (["-m", "http.server"], False, False),
    ],
)
def test_a_port_of_make_run_in_this_checkout_is_well(
    machine: MakeMachine,
    docker: FakeDocker,
    write_env: WriteEnv,
    checkout: Path,
    tmp_path: Path,
    arguments: list[str],
    elsewhere: bool,
    own: bool,
) -> None:
    docker()
    command = [sys.executable, "-c", LISTEN, *arguments]
    folder = tmp_path if elsewhere else checkout
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        write_env(API_DEBUG_PORT=port)
        found = ports.check(machine())
        holder.communicate()
    assert states(found) == (["ok"] if own else ["ok", "problem"])
    assert (f"{port} of this checkout's `make run`" in found[0].message) is own


def test_without_docker_a_taken_port_breaks_nothing(machine: MakeMachine, write_env: WriteEnv, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        write_env(POSTGRES_PORT=holder.getsockname()[1])
        found = ports.check(machine(only_path=tmp_path))
    assert states(found) == ["ok", "warning"]
    assert "make up" not in wrong(found)


def test_looking_does_not_connect(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv) -> None:
    docker()
    with socket.create_server(("127.0.0.1", 0)) as holder:
        write_env(API_DEBUG_PORT=holder.getsockname()[1])
        ports.check(machine())
        holder.setblocking(False)
        with pytest.raises(BlockingIOError):
            holder.accept()


def test_ports_of_this_stack_are_well(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]
        write_env(API_PORT=port, COMPOSE_PROJECT_NAME="mine")
        docker(containers=[container("mine-api-1", project="mine", folder=checkout, ports=f"127.0.0.1:{port}->8000/tcp")])
        found = ports.check(machine())
    assert states(found) == ["ok"]
    assert f"{port} of this stack" in found[0].message


@pytest.mark.parametrize(("project", "elsewhere"), [("other", False), ("mine", True)])
def test_a_foreign_container_is_named(
    machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, checkout: Path, tmp_path: Path, project: str, elsewhere: bool
) -> None:
    env = write_env(COMPOSE_PROJECT_NAME="mine")
    folder = tmp_path if elsewhere else checkout
    docker(containers=[container("their-db-1", project=project, folder=folder, ports=f"0.0.0.0:{env['POSTGRES_PORT']}->5432/tcp")])
    found = ports.check(machine())
    assert states(found) == ["ok", "problem"]
    assert "container their-db-1" in wrong(found)
    assert "docker stop their-db-1" in wrong(found)


def test_a_tool_that_is_not_started_by_itself_is_a_warning(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv) -> None:
    docker()
    with socket.create_server(("127.0.0.1", 0)) as holder:
        write_env(ADMINER_PORT=holder.getsockname()[1])
        assert states(ports.check(machine())) == ["ok", "warning"]


def test_another_address_does_not_matter(machine: MakeMachine) -> None:
    with socket.create_server(("127.0.0.2", 0)) as holder:
        assert not ports.taken(holder.getsockname()[1])


def test_without_docker_and_env_the_defaults_are_looked_at(machine: MakeMachine, tmp_path: Path) -> None:
    said = "\n".join(found.message for found in ports.check(machine(only_path=tmp_path)))
    assert all(variable.default in said for variable in COMPOSE_VARIABLES if variable.is_port)


def test_a_docker_that_does_not_answer_leaves_it_open_whose_a_port_is(
    machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(version="exit 1")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        write_env(API_PORT=holder.getsockname()[1])
        assert states(ports.check(machine())) == ["ok", "problem"], "a program that is seen is none of Docker's"
        monkeypatch.setattr(ports, "holder_of", lambda _: None)
        found = ports.check(machine())
    assert states(found) == ["ok", "warning"]
    assert "perhaps by this stack itself" in wrong(found)


def test_a_container_sees_no_published_ports(machine: MakeMachine) -> None:
    assert states(ports.check(machine(in_container=True))) == ["skipped"]


@pytest.mark.parametrize(
    ("value", "valid"), [("1", True), ("65535", True), ("65536", False), ("0", False), ("-1", False), ("٣", False), ("", False)]
)
def test_what_is_a_port(value: str, valid: bool) -> None:
    assert ports.is_port(value) is valid
