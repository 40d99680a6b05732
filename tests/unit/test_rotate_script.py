"""scripts/rotate.sh: which secrets it changes, and how it changes the one that no service has to accept."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.support import compose

SCRIPT = CHECKOUT / "scripts" / "rotate.sh"
NAMES = "database backup redis webhook certificate"

pytestmark = pytest.mark.skipif(shutil.which("flock") is None or sys.platform == "darwin", reason="needs what a server has")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with secrets, and an engine that agrees to everything."""
    folder = tmp_path / "checkout"
    (folder / "secrets").mkdir(parents=True)
    shutil.copytree(CHECKOUT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(CHECKOUT / "compose.prod.yaml", folder)
    for name in ("database_password", "redis_users", "webhook_secret"):
        (folder / "secrets" / name).write_text(f"the old {name}")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "docker").write_text("#!/bin/bash\n")
    (tmp_path / "tools" / "docker").chmod(0o755)
    return folder


def rotate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{folder.parent / 'tools'}:{os.environ['PATH']}", "HOME": str(folder.parent)}
    command = ["bash", "scripts/rotate.sh", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_secret_of_production_can_be_changed() -> None:
    written = set(re.findall(r"write_over (\w+)", SCRIPT.read_text()))
    assert set(compose.load(CHECKOUT / "compose.prod.yaml")["secrets"]) <= written


def test_the_handbook_and_make_name_them_all() -> None:
    handbook = (CHECKOUT / "docs" / "operations.md").read_text()
    assert [name for name in NAMES.split() if f"make rotate SECRET={name}" not in handbook] == []
    assert "SECRET=database, backup, redis, webhook or certificate" in (CHECKOUT / "Makefile").read_text()


@pytest.mark.parametrize("name", ["", "signing", "redis webhook", "password"])
def test_another_is_refused_with_those_that_there_are(checkout: Path, name: str) -> None:
    refused = rotate(checkout, name)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"draft-queen: choose a secret: 'make rotate SECRET=NAME', where NAME is one of: {NAMES}.\n"


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_key_of_the_webhook_changes_in_the_file_that_containers_see(checkout: Path, interrupted: bool) -> None:
    secret, upcoming = checkout / "secrets" / "webhook_secret", checkout / "secrets" / "webhook_secret.next"
    before = secret.stat().st_ino
    if interrupted:
        upcoming.write_text("k" * 43)
    ended = rotate(checkout, "webhook")
    assert ended.returncode == 0, ended.stderr
    key = secret.read_text()
    assert (len(key), secret.stat().st_ino, stat.S_IMODE(secret.stat().st_mode)) == (43, before, 0o444)
    assert not upcoming.exists()
    assert (key == "k" * 43) == interrupted
    assert key not in ended.stdout + ended.stderr
    assert "now give the receiver the content of ./secrets/webhook_secret" in ended.stdout
