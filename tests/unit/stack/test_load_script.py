"""`make load`: which command it runs in which stack, and what it refuses, with an engine that only writes down what it was asked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

ENGINE = """echo "$*" >>"$HOME/asked"
case "$*" in
  *"ps --quiet --status running db") echo {db} ;;
esac"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


class Operator:
    """Who asks for a load in a checkout."""

    def __init__(self, checkout: Path, engine: Callable[[str], dict[str, str]], home: Path) -> None:
        self.checkout, self.engine, self.home = checkout, engine, home

    def load(self, *arguments: str, db: str = "1a2b") -> subprocess.CompletedProcess[str]:
        environment = self.engine(ENGINE.format(db=db))
        return subprocess.run(["make", "load", *arguments], cwd=self.checkout, env=environment, capture_output=True, text=True, check=False)

    @property
    def asked(self) -> list[str]:
        file = self.home / "asked"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def operator(checkout: Path, engine: Callable[[str], dict[str, str]], tmp_path: Path) -> Operator:
    for name in ("Makefile", "scripts/bootstrap.sh", "scripts/load.sh", "scripts/production.sh"):
        shutil.copy(CHECKOUT / name, checkout / name)
    return Operator(checkout, engine, tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "my files"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "draft_picks.csv").touch(0o644)
    (folder / "combine.csv").touch(0o644)
    return folder


@pytest.mark.parametrize(("env", "file"), [(None, "compose.prod.yaml"), ("CHECKOUT_DIR=/somewhere\n", "compose.dev.yaml")])
@pytest.mark.parametrize(
    ("more", "options"), [((), ""), (("FORCE=1", "REPLACE=1", "OLDER=1", "ACCEPT_GAP=1"), " --force --replace --older --accept-gap")]
)
def test_it_loads_in_a_container_of_its_own(
    operator: Operator, files: Path, env: str | None, file: str, more: tuple[str, ...], options: str
) -> None:
    if env is not None:
        (operator.checkout / ".env").write_text(env)
    ended = operator.load(f"FROM={files}", *more)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert operator.asked[-1] == (
        f"compose --progress quiet -f {file} run --rm --no-deps --no-TTY"
        f" --env DQ_COMMAND=docker compose -f {file} exec pipeline dq --volume {files}:{files}:ro"
        f" pipeline dq etl run --from {files} --wait 600{options}"
    )


def test_it_runs_in_the_bash_of_macos(operator: Operator, files: Path) -> None:
    """Version 3.2 has no EPOCHREALTIME; unset, it is an ordinary name here as well."""
    (operator.checkout / ".env").write_text("CHECKOUT_DIR=/somewhere\n")
    older = operator.checkout / "older"
    older.write_text("unset EPOCHREALTIME\n")
    environment = {**operator.engine(ENGINE.format(db="1a2b")), "BASH_ENV": str(older), "FROM": str(files)}
    ended = subprocess.run(["bash", "scripts/load.sh"], cwd=operator.checkout, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_no_character_of_a_path_is_read_by_a_shell(operator: Operator, files: Path) -> None:
    folder = files.rename(files.with_name('a "quoted" name; `touch hacked`'))
    ended = operator.load(f"FROM={folder}")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f" {folder}:{folder}:ro " in operator.asked[-1]
    assert not (operator.checkout / "hacked").exists()


def test_a_folder_is_named_from_the_checkout(operator: Operator, files: Path) -> None:
    shutil.move(files, operator.checkout / "import")
    assert operator.load("FROM=import").returncode == 0
    assert f" {operator.checkout}/import:{operator.checkout}/import:ro " in operator.asked[-1]


@pytest.mark.parametrize("folder", ["/usr/share", "/tmp", "/"])
def test_a_folder_that_would_hide_files_of_the_image_is_mounted_elsewhere(operator: Operator, folder: str) -> None:
    (operator.checkout / ".env").write_text("CHECKOUT_DIR=/somewhere\n")
    assert operator.load(f"FROM={folder}").returncode == 0
    assert f" {folder}:/import:ro pipeline dq etl run --from /import " in operator.asked[-1]


@pytest.mark.parametrize(
    ("closed", "mode"), [(".", 0o700), ("draft_picks.csv", 0o640), ("combine.csv", 0o600), ("2026/draft_picks.csv", 0o600)]
)
def test_files_that_the_containers_user_may_not_read_are_named(operator: Operator, files: Path, closed: str, mode: int) -> None:
    (files / closed).parent.mkdir(exist_ok=True)
    (files / closed).touch()
    (files / closed).chmod(mode)
    ended = operator.load(f"FROM={files}")
    assert ended.returncode != 0
    path = files if closed == "." else files / closed
    assert f"draft-queen: the pipeline's user (10001) may not read {path}: run 'chmod -R o+rX \"{files}\"'." in ended.stderr
    assert not any(" run " in line for line in operator.asked)


def test_other_files_beside_them_may_be_private(operator: Operator, files: Path) -> None:
    (files / "notes.txt").touch(0o600)
    (files / "private").mkdir(0o700)
    assert operator.load(f"FROM={files}").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "FROM is empty: name the folder"), (("FROM=nowhere",), "FROM=nowhere is not a folder"), (("FROM=a:b",), "contains a colon")],
)
def test_a_folder_that_is_none_is_refused(operator: Operator, arguments: tuple[str, ...], said: str) -> None:
    (operator.checkout / "a:b").mkdir()
    ended = operator.load(*arguments)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert operator.asked == []


def test_in_the_dev_container_it_names_the_command_there(operator: Operator, files: Path, tmp_path: Path) -> None:
    tools = tmp_path / "without-docker"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    environment = {"PATH": str(tools), "HOME": str(tmp_path), "DRAFT_QUEEN_CONTAINER": "1", "FROM": str(files)}
    ended = subprocess.run(["bash", "scripts/load.sh"], cwd=operator.checkout, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == f'draft-queen: the dev container has no Docker and does not need it: load the files with: dq etl run --from "{files}".\n'
    )


def test_without_a_stack_it_says_what_there_is_instead(operator: Operator, files: Path) -> None:
    ended = operator.load(f"FROM={files}", db="")
    assert ended.returncode != 0
    assert "no stack of this checkout is running" in ended.stderr
    assert f'dq etl run --from "{files}"' in ended.stderr
