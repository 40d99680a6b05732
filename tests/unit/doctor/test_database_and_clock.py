"""The database and its clock where there is none; with a real one see tests/integration/cli/test_doctor.py."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import clock, database
from cli.doctor.database import Address
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, container, states, wrong

WriteEnv = Callable[..., dict[str, str]]


def test_without_stack_and_address_it_is_skipped(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, tmp_path: Path) -> None:
    write_env()
    docker()
    assert "no stack of this checkout is running" in database.check(machine())[0].message
    assert states(database.check(machine(only_path=tmp_path))) == ["skipped"]
    assert not (tmp_path / "checkout" / ".data").exists()


def test_the_stacks_database_is_found_by_env(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, checkout: Path) -> None:
    env = write_env(POSTGRES_PASSWORD="pass@word")
    docker(containers=[container("draft-queen-db-1", folder=checkout, service="db")])
    assert database.find(machine()) == Address(f"postgresql://draft_queen:pass%40word@127.0.0.1:{env['POSTGRES_PORT']}/draft_queen", True)
    found = database.check(machine())
    assert states(found) == ["problem"]
    assert "docker compose logs db" in wrong(found)
    assert "pass" not in wrong(found)


@pytest.mark.parametrize(
    ("state", "api", "expected"), [("restarting", "exited", "problem"), ("exited", "running", "problem"), ("exited", "exited", "skipped")]
)
def test_a_database_container_that_does_not_run(
    machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, checkout: Path, state: str, api: str, expected: str
) -> None:
    write_env()
    docker(
        containers=[
            container("draft-queen-db-1", folder=checkout, service="db", state=state),
            container("draft-queen-api-1", folder=checkout, service="api", state=api),
        ]
    )
    found = database.check(machine())
    assert states(found) == [expected]
    assert ("make clean" in wrong(found)) == (expected == "problem")


def test_a_silent_server_is_not_waited_for(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://dq:hunter2@127.0.0.1:{silent.getsockname()[1]}/dq")
        found = database.check(machine())
    assert "cannot be reached: start it, or correct DATABASE_URL" in wrong(found)
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("url", ["postgresql://dq@127.0.0.1:1/dq", "postgresql://dq@127.0.0.1/dq?sslmode=sideways"])
def test_an_address_that_leads_nowhere_is_a_problem(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert states(database.check(machine())) == ["problem"]


@pytest.mark.parametrize(
    ("code", "stack", "said"),
    [
        (b"28P01", False, "correct user and password"),
        (b"28P01", True, "put the old POSTGRES_PASSWORD back"),
        (b"3D000", False, "create it"),
        (b"3D000", True, "incomplete"),
        (b"57P03", False, "is starting or stopping"),
        (b"53300", False, "refuses a connection (TooManyConnectionsError)"),
    ],
)
def test_what_a_server_answers_has_its_cure(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, code: bytes, stack: bool, said: str
) -> None:
    """A server that refuses in PostgreSQL's protocol, since the tests' own one trusts everybody."""
    fields = b"SFATAL\0VFATAL\0C" + code + b"\0Mno\0\0"
    refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    class Refuse(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if len(self.request.recv(1024)) == 8:  # asks for TLS first
                self.request.sendall(b"N")
                self.request.recv(1024)
            self.request.sendall(refusal)

    with socketserver.TCPServer(("127.0.0.1", 0), Refuse) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("DATABASE_URL", f"postgresql://dq:hunter2@127.0.0.1:{server.server_address[1]}/dq")
        found = database.check(machine(mounted=stack))
        server.shutdown()
        thread.join()
    assert said in wrong(found)


def test_wrong_settings_are_no_reason_to_ask_somebody_else(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env(DATABASE_URL="mysql://x")
    assert "settings are invalid" in database.check(machine())[0].message


@pytest.mark.parametrize(("seen", "ahead"), [(5.0, 0.0), (4.0, 0.0), (6.0, 0.0), (9.0, 3.0), (1.0, -3.0)])
def test_a_clock_read_between_two_moments(seen: float, ahead: float) -> None:
    assert clock.skew(seen, 4.0, 6.0) == ahead


def test_files_of_now_are_well_and_no_database_is_skipped(machine: MakeMachine, checkout: Path) -> None:
    assert states(clock.check(machine())) == ["ok", "skipped"]
    assert list(checkout.iterdir()) == []


@pytest.mark.parametrize(("offset", "said"), [(60.0, "60 s behind"), (-60.0, "60 s ahead of")])
def test_files_of_another_time_are_a_warning(machine: MakeMachine, offset: float, said: str) -> None:
    found = clock.check(machine(), now=lambda: time.time() + offset)
    assert found[0].state == "warning"
    assert said in found[0].message
    assert "wsl --shutdown" in wrong(found)
