"""`make clean` asks, removes what the checkout made, and nothing that is in use."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import CHECKOUT
from tools.embedded import ROOT_DATA


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    for name in ("scripts/clean.sh", "scripts/stack_env.sh", ".env.example"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    for name in (".venv/bin", ".data/postgres", ".cache/mypy", "app"):
        (folder / name).mkdir(parents=True)
    (folder / ".data" / "postgres" / "users.lock").touch()
    return folder


def clean(folder: Path, answer: str, tools: str = "/usr/bin") -> subprocess.CompletedProcess[str]:
    # a PATH without docker: the containers' part is tested with a real engine
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        ["bash", "scripts/clean.sh"], cwd=folder, env=environment, input=answer, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("answer", ["n\n", "", "\n", "yellow\n"])
def test_anything_but_yes_keeps_everything(checkout: Path, answer: str) -> None:
    ended = clean(checkout, answer)
    assert (ended.returncode, "Nothing was removed." in ended.stdout) == (0, True)
    assert (checkout / ".data" / "postgres").is_dir()


def test_yes_removes_what_was_made_and_nothing_else(checkout: Path) -> None:
    assert clean(checkout, "yes\n").returncode == 0
    assert sorted(path.name for path in checkout.iterdir()) == [".env.example", "app", "scripts"]
    assert "Nothing to remove." in clean(checkout, "y\n").stdout


@pytest.mark.parametrize(("line", "asked"), [("", True), ("HTTPS_PORT=8443\n", False), ("RELEASE=2026.1\n", True)])
def test_production_is_not_what_clean_is_for(checkout: Path, tmp_path: Path, line: str, asked: bool) -> None:
    """Its .env names containers and volumes too; they are not even looked for."""
    (checkout / ".env").write_text(f"{line}COMPOSE_PROJECT_NAME=draft-queen-production\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text(f'#!/bin/bash\necho "$*" >>"{tmp_path}/calls"\n')
    (tools / "docker").chmod(0o755)
    assert clean(checkout, "y\n", str(tools)).returncode == 0
    calls = (tmp_path / "calls").read_text() if (tmp_path / "calls").exists() else ""
    assert ("draft-queen-production" in calls) is asked


def test_images_of_the_dev_containers_tools_go_with_their_checkout(checkout: Path, tmp_path: Path) -> None:
    """They are named by the SHA-256 of the checkout's path, so another checkout's image is not even looked for."""
    (checkout / ".env").write_text("COMPOSE_PROJECT_NAME=draft-queen-1\nCHECKOUT_DIR=/x\n")
    pattern = f"vsc-*-{hashlib.sha256(str(checkout).encode()).hexdigest()}*"
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text(
        f"""#!/bin/bash
echo "$*" >>"{tmp_path}/calls"
case "$*" in
  "image ls --filter reference={pattern} --format image {{{{.Repository}}}}") echo "image vsc-a-checkout-1-uid" ;;
  "image ls "*"--filter reference={pattern} --format {{{{.Repository}}}}:{{{{.Tag}}}}") echo "vsc-a-checkout-1-uid:latest" ;;
esac
"""
    )
    (tools / "docker").chmod(0o755)
    ended = clean(checkout, "y\n", str(tools))
    assert ended.returncode == 0, ended.stderr
    assert "image vsc-a-checkout-1-uid\n" in ended.stdout
    assert "image rm --force vsc-a-checkout-1-uid:latest" in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("place", ["postgres", "trial/postgres"])
def test_a_database_in_use_is_left_alone(checkout: Path, place: str) -> None:
    (checkout / ".data" / place).mkdir(parents=True, exist_ok=True)
    with (checkout / ".data" / place / "users.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        ended = clean(checkout, "y\n")
    assert ended.returncode == 1
    assert "in use: stop 'make run'" in ended.stderr
    assert (checkout / ".venv").is_dir()


@pytest.fixture
def elsewhere(checkout: Path) -> Iterator[tuple[Path, Path]]:
    """As root: the databases of this checkout and of another one, where root's databases are."""
    if os.getuid() != 0:
        pytest.skip("only root's databases lie outside of the checkout")
    ours, theirs = (ROOT_DATA / f"test-{uuid4().hex}" for _ in range(2))
    for folder, owner in ((ours, checkout), (theirs, checkout.parent / "a checkout beside it")):
        folder.mkdir(parents=True)
        (folder / "belongs-to").write_text(f"{owner}/.data/postgres\n")
    yield ours, theirs
    for folder in (ours, theirs):
        shutil.rmtree(folder, ignore_errors=True)


def test_roots_database_elsewhere_goes_with_its_checkout(checkout: Path, elsewhere: tuple[Path, Path]) -> None:
    ours, theirs = elsewhere
    assert clean(checkout, "y\n").returncode == 0
    assert not ours.exists()
    assert theirs.exists()
