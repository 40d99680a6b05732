"""What the dev image's containers report before they start: docker/entrypoint.sh, without an engine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

SERVE = ("echo", "devloop app.server:development")
DEFAULTS = "This stack has the defaults of compose.dev.yaml: 'make up' would"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    return tmp_path


def start(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(CHECKOUT / "docker" / "entrypoint.sh"), *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "DRAFT_QUEEN_CONTAINER": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_checkout_there_is_one_error_message(tmp_path: Path) -> None:
    ended = start(tmp_path, *SERVE, STACK_PREPARED="")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"Error: The checkout is not mounted at {tmp_path}: start the container with 'make up' or from the dev container.\n"
    )


def test_the_api_of_a_stack_without_env_says_in_one_line_what_make_up_improves(workspace: Path) -> None:
    ended = start(workspace, *SERVE, STACK_PREPARED="")
    assert ended.returncode == 0
    assert ended.stderr.startswith(DEFAULTS)
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "environment"),
    [(SERVE, {"STACK_PREPARED": "1"}), (SERVE, {}), (("echo", "devloop run pipeline.worker:main"), {"STACK_PREPARED": ""})],
)
def test_nothing_else_says_it(workspace: Path, command: tuple[str, ...], environment: dict[str, str]) -> None:
    ended = start(workspace, *command, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_a_checkout_of_another_user_is_announced_before_files_get_the_wrong_owner(workspace: Path) -> None:
    os.chown(workspace, 1234, 1234)
    said = start(workspace, *SERVE, STACK_PREPARED="").stderr.splitlines()
    assert said[0] == ("Warning: The checkout belongs to user 1234, and files that are made in this container will belong to user 0.")
    assert said[1].startswith(DEFAULTS)


@pytest.mark.parametrize("command", ["devloop run pipeline.worker:main", "python -m cli.serve.first_load"])
def test_a_load_needs_a_folder_for_its_exports(workspace: Path, command: str) -> None:
    (workspace / "data").touch()
    ended = start(workspace, "echo", command, DATA_DIR=str(workspace / "data"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"cannot write to DATA_DIR={workspace / 'data'}" in ended.stderr
