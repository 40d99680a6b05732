"""A checkout and a Docker client for the doctor to look at; both are real files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import SECRETS, Settings
from cli.doctor.finding import Finding
from cli.doctor.machine import Machine
from tests.support.waiting import free_ports
from tools.compose_variables import COMPOSE_VARIABLES

FakeDocker = Callable[..., None]
MakeMachine = Callable[..., Machine]

HANG = "sleep 600"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Settings.model_fields, *(f"{secret}_file" for secret in SECRETS)):
        monkeypatch.delenv(name.upper(), raising=False)


def states(findings: list[Finding]) -> list[str]:
    return [finding.state for finding in findings]


def wrong(findings: list[Finding]) -> str:
    """The sentences of everything that is not as it should be."""
    return "\n".join(str(finding) for finding in findings if finding.state in ("problem", "warning"))


def container(
    name: str, *, project: str = "draft-queen", folder: object = "", service: str = "", state: str = "running", ports: str = ""
) -> str:
    """A line of ``docker ps``."""
    return "\t".join([name, project, str(folder), service, state, ports])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


@pytest.fixture
def write_env(checkout: Path) -> Callable[..., dict[str, str]]:
    """Writes a complete ``.env`` with free ports; arguments change or (None) remove a name."""

    def write(**changes: object) -> dict[str, str]:
        values: dict[str, object] = {variable.name: variable.default or "x" for variable in COMPOSE_VARIABLES}
        ports = [variable.name for variable in COMPOSE_VARIABLES if variable.is_port]
        values |= dict(zip(ports, free_ports(len(ports)), strict=True))
        values |= {"COMPOSE_PROJECT_NAME": "draft-queen", "HOST_UID": os.getuid(), "HOST_GID": os.getgid()}
        kept = {name: str(value) for name, value in (values | changes).items() if value is not None}
        (checkout / ".env").write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
        return kept

    return write


@pytest.fixture
def machine(checkout: Path, tmp_path: Path) -> MakeMachine:
    """A machine with this checkout; its PATH has the fake Docker, if one was made, and the usual commands."""

    def make(
        *,
        uid: int | None = None,
        gid: int | None = None,
        prefix: Path | None = None,
        in_container: bool = False,
        mounted: bool = False,
        only_path: Path | None = None,
        **environment: str,
    ) -> Machine:
        path = str(only_path) if only_path else f"{tmp_path / 'bin'}:/usr/bin:/bin"
        return Machine(
            checkout=checkout,
            environment={"PATH": path} | environment,
            uid=os.getuid() if uid is None else uid,
            gid=os.getgid() if gid is None else gid,
            prefix=prefix or Path(sys.prefix),
            in_container=in_container or mounted,
            mounted=mounted,
        )

    return make


@pytest.fixture
def docker(tmp_path: Path) -> FakeDocker:
    """Puts a ``docker`` on the machine's PATH that answers as told, each question with a few lines of shell."""

    def make(
        *,
        version: str = "echo 28.5.2+dfsg4",
        compose: str = "echo 2.40.3-3",
        buildx: str = "echo github.com/docker/buildx 0.29.1 abc",
        containers: list[str] | None = None,
        info: str = "echo /",
        volume: str = "exit 1",
        run: str = "exit 1",
    ) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "containers").write_text("".join(f"{line}\n" for line in containers or []))
        script = folder / "docker"
        script.write_text(
            f"""#!/bin/sh
case $1 in
version) {version} ;;
compose) {compose} ;;
buildx) {buildx} ;;
ps) cat {folder}/containers ;;
info) {info} ;;
volume) {volume} ;;
run) {run} ;;
esac
"""
        )
        script.chmod(0o755)

    return make
