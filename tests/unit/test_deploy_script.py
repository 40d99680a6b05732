"""`make deploy` before it starts anything, with an engine that only writes down what it is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("openssl", "flock")) or sys.platform == "darwin", reason="needs what a server has"
)

SERVICES = """services:
  api:
    image: x-runtime:new
    pull_policy: never
    labels:
      draft-queen.rolled: "true"
  db:
    image: postgres
"""
REFUSED = "Error: One setting is wrong (docs/settings.md lists them all):\n  - ALLOWED_ORIGINS is wrong: correct it"
ENGINE = f"""echo "docker $*" >>"$HOME/calls"
case "$*" in
  "volume "*) exit 1 ;; # there is none yet
  *" config") cat "$HOME/services" ;;
  *" ps --quiet --status running api") echo {{serving}} ;;
  *" run "*"python -m app.settings") printf '%s\\n' '{REFUSED}' >&2; exit {{code}} ;;
  *" run "*"dq db migrate"*) exit 1 ;;
esac"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with secrets, to be copied."""
    folder = tmp_path_factory.mktemp("example") / "checkout"
    (folder / "docker").mkdir(parents=True)
    shutil.copytree(CHECKOUT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(CHECKOUT / "compose.prod.yaml", folder)
    assert run(folder, "secrets.sh", "make").returncode == 0
    return folder


@pytest.fixture
def checkout(tmp_path: Path, example: Path) -> Path:
    folder = tmp_path / "checkout"
    shutil.copytree(example, folder)
    (tmp_path / "tools").mkdir()
    (tmp_path / "services").write_text(SERVICES)
    with (folder / ".env").open("a") as file:
        file.write("BIND_ADDRESS=127.0.0.3\nHTTP_PORT=18080\nHTTPS_PORT=18443\n")
    return folder


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{folder.parent / 'tools'}:{os.environ['PATH']}", "HOME": str(folder.parent), **environment}
    return subprocess.run(
        ["bash", f"scripts/{command[0]}", *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def deploy(folder: Path, engine: str, **environment: str) -> subprocess.CompletedProcess[str]:
    docker = folder.parent / "tools" / "docker"
    docker.write_text(f"#!/bin/bash\n{engine}\n")
    docker.chmod(0o755)
    return run(folder, "deploy.sh", "deploy", RELEASE="new", **environment)


@pytest.mark.parametrize(("serving", "situation"), [("", "no release is in service yet"), ("1a2b", "the old release stays in service")])
def test_settings_are_checked_before_anything_is_started(checkout: Path, serving: str, situation: str) -> None:
    refused = deploy(checkout, ENGINE.format(serving=serving, code=1))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{REFUSED}\ndraft-queen: the settings of api were refused: the lines above say why."
        f" Correct them in .env and deploy again; nothing was started, {situation}.\n"
    )
    assert " up " not in (checkout.parent / "calls").read_text()


@pytest.mark.parametrize(("serving", "situation"), [("", "no release is in service yet"), ("1a2b", "the old release stays in service")])
def test_a_failed_migration_says_what_is_in_service(checkout: Path, serving: str, situation: str) -> None:
    refused = deploy(checkout, ENGINE.format(serving=serving, code=0))
    assert refused.returncode == 1
    assert refused.stderr.endswith(f"the migration failed and was rolled back: the lines above say why; {situation}.\n")


@pytest.mark.parametrize("place", [".env", "the environment"])
def test_a_port_that_is_not_a_number_is_named(checkout: Path, place: str) -> None:
    environment = {"HTTPS_PORT": "abc"} if place == "the environment" else {}
    if place == ".env":
        (checkout / ".env").write_text((checkout / ".env").read_text().replace("18443", "abc"))
    refused = deploy(checkout, ENGINE.format(serving="", code=0), **environment)
    assert refused.stderr == f"draft-queen: HTTPS_PORT=abc in {place} is not a port: write a number from 1 to 65535.\n"


def test_the_module_that_checks_them_prints_one_message() -> None:
    command = [sys.executable, "-m", "app.settings"]
    ended = subprocess.run(command, cwd=CHECKOUT, env={**os.environ, "ALLOWED_ORIGINS": "foo"}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n  - ALLOWED_ORIGINS ") == 1
    assert "Traceback" not in ended.stderr
