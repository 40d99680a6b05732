"""A .env that its user may not read or write: one error message with the command that repairs it, from every command of the stack."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.unit.stack.conftest import GOOD, values

OWNER = 1234
REPAIR = "take the checkout back with 'sudo chown -R $(id -u):$(id -g) .'."
TARGETS = (
    *("up", "up-d", "down", "tools", "ps", "logs", "logs-api", "logs-pipeline", "logs-db", "shell", "psql", "pgcli"),
    *("migrate", "revision", "test-in-container", "rebuild", "clean"),
)

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of another user")


@pytest.fixture
def theirs(checkout: Path, engine: Callable[[str], dict[str, str]], tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A checkout of user 1234, in a place that this user can reach, and an engine."""
    environment = engine(GOOD.format(compose="2.40.3", security=""))
    for name in ("Makefile", "scripts/bootstrap.sh", "scripts/clean.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        shutil.copytree(checkout, f"{place}/checkout")
        shutil.copytree(tmp_path / "tools", f"{place}/tools")
        for path in (Path(place) / "checkout", *(Path(place) / "checkout").rglob("*")):
            os.chown(path, OWNER, OWNER)
        yield Path(place) / "checkout", {**environment, "PATH": f"{place}/tools:/usr/bin:/bin", "HOME": f"{place}/checkout"}


def run(folder: Path, environment: dict[str, str], *command: str, user: int | None = OWNER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, user=user, group=user, extra_groups=[], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_names_the_owner_and_the_repair(theirs: tuple[Path, dict[str, str]], target: str) -> None:
    folder, environment = theirs
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=x\n")
    (folder / ".env").chmod(0o600)
    ended = run(folder, environment, "make", target, "MESSAGE=x")
    assert ended.returncode != 0
    said = [line for line in (ended.stdout + ended.stderr).splitlines() if not line.startswith("make: ***")]
    assert said == [f"draft-queen: .env belongs to user root and you are user {OWNER}: {REPAIR}"]
    assert sorted(path.name for path in folder.glob(".env*")) == [".env", ".env.example"]


def test_a_file_that_is_only_readable_stops_what_would_write_it(theirs: tuple[Path, dict[str, str]]) -> None:
    folder, environment = theirs
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=x\n")
    assert REPAIR in run(folder, environment, "bash", "scripts/stack.sh", "env").stderr
    os.chown(folder / ".env", OWNER, OWNER)
    (folder / ".env").chmod(0o400)
    assert run(folder, environment, "bash", "scripts/stack.sh", "env").stderr == (
        "draft-queen: you may not read and write .env: run 'chmod u+rw .env'.\n"
    )


def test_configuration_of_another_user_is_named_too(theirs: tuple[Path, dict[str, str]]) -> None:
    folder, environment = theirs
    os.chown(folder / "docker" / "redis" / "redis.conf", 0, 0)
    ended = run(folder, environment, "bash", "scripts/stack.sh", "env")
    assert ended.stderr == f"draft-queen: files under docker/ belong to another user: {REPAIR}\n"


def test_sudo_leaves_everything_to_the_owner(theirs: tuple[Path, dict[str, str]]) -> None:
    folder, environment = theirs
    assert run(folder, {**environment, "INSTANCE": "20"}, "bash", "scripts/stack.sh", "check", user=None).returncode == 0
    written = values(folder)
    assert (written["HOST_UID"], written["HOST_GID"]) == (str(OWNER), str(OWNER))
    assert (folder / ".env").stat().st_uid == OWNER
    ended = run(folder, {**environment, "INSTANCE": "20"}, "bash", "scripts/stack.sh", "check")
    assert (ended.returncode, ended.stderr) == (0, "")
