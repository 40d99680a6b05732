"""``.env``: missing, incomplete, impossible, or read by the settings with a frown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.doctor import env_file
from cli.doctor.machine import read_env
from tests.unit.doctor.conftest import FakeDocker, MakeMachine, states, wrong

WriteEnv = Callable[..., dict[str, str]]


def test_a_complete_file_is_well(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env()
    assert states(env_file.check(machine())) == ["ok", "ok"]


def test_a_missing_file_is_no_more_than_a_warning(machine: MakeMachine, docker: FakeDocker, tmp_path: Path) -> None:
    docker()
    found = env_file.check(machine())
    assert states(found) == ["warning", "ok"]
    assert "make up" in wrong(found)
    assert ".env.example" not in wrong(found), "a copy has no ids and no name of the stack"
    assert states(env_file.check(machine(only_path=tmp_path))) == ["skipped", "ok"], "`make run` needs none"
    docker(version="echo permission denied >&2; exit 1")
    assert states(env_file.check(machine())) == ["skipped", "ok"], "the same for a user who may not use Docker"


def test_a_line_that_is_none_is_named(machine: MakeMachine, write_env: WriteEnv, checkout: Path) -> None:
    write_env()
    text = (checkout / ".env").read_text()
    (checkout / ".env").write_text(f"# a remark\n\nexport FINE='yes'\nrubbish here\n{text}")
    found = env_file.check(machine())
    assert "problem" in states(found)
    assert "Line 4 of .env is not of the form NAME=value" in wrong(found)


def test_an_operators_file_lacks_nothing(machine: MakeMachine, checkout: Path) -> None:
    (checkout / ".env").write_text("LOG_LEVEL=INFO\nHTTPS_PORT=8443\n")
    found = env_file.check(machine())
    assert "This .env belongs to production" in found[0].message
    assert "problem" not in states(found)


@pytest.mark.parametrize(
    ("lines", "production"),
    [("RELEASE=mine\n", False), ("export SECRETS_DIR=./secrets\n", True), ("HTTPS_PORT=8443\nCHECKOUT_DIR=/x\n", False), ("", False)],
)
def test_production_is_known_by_what_only_an_operator_sets(machine: MakeMachine, checkout: Path, lines: str, production: bool) -> None:
    (checkout / ".env").write_text(lines)
    assert machine().is_production is production


@pytest.mark.parametrize("value", [None, "", "''"])
def test_what_is_absent_or_empty_is_named(machine: MakeMachine, docker: FakeDocker, write_env: WriteEnv, value: str | None) -> None:
    docker()
    write_env(REDIS_PORT=value, POSTGRES_PASSWORD=value)
    found = env_file.check(machine())
    assert states(found) == ["problem", "ok"]
    assert "REDIS_PORT, POSTGRES_PASSWORD are missing or empty" in wrong(found)


def test_without_docker_a_file_for_the_settings_alone_is_well(machine: MakeMachine, checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("LOG_LEVEL=DEBUG\n")
    assert states(env_file.check(machine(only_path=tmp_path))) == ["skipped", "ok"]


@pytest.mark.parametrize("value", ["eighty", "70000", "0", "8000.5"])
def test_what_is_no_port_is_named(machine: MakeMachine, write_env: WriteEnv, value: str) -> None:
    write_env(PGADMIN_PORT=value)
    assert "PGADMIN_PORT in .env is not a port: write a number from 1 to 65535, usually 5050." in wrong(env_file.check(machine()))


def test_two_names_for_one_port(machine: MakeMachine, write_env: WriteEnv) -> None:
    env = write_env()
    write_env(API_PORT=env["API_PORT"], ADMINER_PORT=env["API_PORT"])
    assert f"API_PORT and ADMINER_PORT are the same port {env['API_PORT']}" in wrong(env_file.check(machine()))


def test_wrong_settings_are_findings_and_secrets_are_not_shown(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env(PORT="eighty", DATABASE_URL="mysql://dq:hunter2@db/x", CACHE_SIZE=5)
    found = env_file.check(machine())
    said = wrong(found)
    assert all(name in said for name in ("PORT is invalid", "DATABASE_URL is not a PostgreSQL URL"))
    assert "hunter2" not in str(found)


def test_a_misspelt_name_is_a_finding(machine: MakeMachine, write_env: WriteEnv) -> None:
    write_env(LOG_LEVL="INFO")
    assert wrong(env_file.check(machine())).endswith("did you mean LOG_LEVEL?")


def test_a_file_that_is_no_text_is_a_finding(machine: MakeMachine, write_env: WriteEnv, checkout: Path) -> None:
    write_env()
    (checkout / ".env").write_bytes((checkout / ".env").read_bytes() + b"X=\xff\xfe\n")
    assert "is not UTF-8 text" in wrong(env_file.check(machine()))


def test_the_runtime_image_has_none(machine: MakeMachine) -> None:
    assert states(env_file.check(machine(in_container=True))) == ["skipped", "ok"]


def test_lines_are_read_as_make_up_reads_them(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\n# B=2\r\nC='x # y'\nD=\"z\"\nexport E=5 # five\nno line\nF=\nA=7\n")
    assert read_env(path) == {"A": "7", "C": "x # y", "D": "z", "E": "5", "F": ""}
    assert read_env(tmp_path) == {}
