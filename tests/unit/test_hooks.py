"""The hooks at a commit find what `make check` finds, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import CHECKOUT

HOOKS = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
RECIPES = dict(re.findall(r"^(\.?[a-z-]+):.*\n((?:\t.*\n)*)", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def tools(command: str) -> set[str]:
    """What a command or recipe starts, through other targets of ours as well."""
    targets = re.findall(r" (\.[a-z-]+)", command) if "make" in command.lower() else []
    found = set(re.findall(r"(?:\$\(BIN\)/|in_environment\.sh )([a-z-]+(?: (?:format|check|-m [a-z.]+[a-z_]+))?)", command))
    return found.union(*(tools(RECIPES[target]) for target in targets))


def test_every_check_is_a_hook() -> None:
    checks = set().union(*(tools(RECIPES[target]) for target in ("lint", "typecheck", "docs-check", "migrations-check")))
    assert {"ruff check", "mypy", "shellcheck", "hadolint", "zizmor"} <= checks
    assert set().union(*(tools(hook["entry"]) for hook in HOOKS)) == checks


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_no_hook_names_the_environment_of_one_side(hook: dict[str, str]) -> None:
    assert hook["entry"].startswith(("scripts/in_environment.sh ", "make --silent ."))


@pytest.mark.parametrize(
    "file",
    [
        "app/db/models.py",
        "app/db/history_models.py",
        "app/db/identity_models.py",
        "app/db/quality_models.py",
        "app/datasets/combine.py",
        "alembic/env.py",
    ],
)
def test_whatever_declares_tables_is_compared_with_the_migrations(file: str) -> None:
    (files,) = (hook["files"] for hook in HOOKS if hook["id"] == "migrations")
    assert (CHECKOUT / file).is_file()
    assert re.search(files, file)


# --- who installed them, and where a commit is made ------------------------------------------------------------------------------

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main")


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """On a machine without our image, whatever this one is."""
    inherited = {name: value for name, value in os.environ.items() if name != "DRAFT_QUEEN_CONTAINER" and not name.startswith("GIT_")}
    plain = inherited | {"HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1"} | environment
    return subprocess.run(command, cwd=folder, env=plain, capture_output=True, text=True, check=False)


def commit(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(folder, *GIT, "commit", "--quiet", "--allow-empty", "--message=one", **environment)


def make_environment(folder: Path) -> None:
    """A `.venv` whose pre-commit only says that it was started, and where."""
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to(sys.executable)
    (commands / "pre-commit").write_text('#!/bin/sh\necho "checked by $0 $* in $PWD" >&2\n')
    (commands / "pre-commit").chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the scripts, in a folder with a space in its name."""
    folder = tmp_path / "my checkout"
    for name in ("in_environment.sh", "install_hooks.sh"):
        (folder / "scripts").mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / "scripts" / name, folder / "scripts" / name)
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=all")):
        assert run(folder, *GIT, *arguments).returncode == 0
    return folder


def install(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "bash", "scripts/install_hooks.sh", **environment)


def test_the_hook_checks_wherever_it_was_installed(checkout: Path) -> None:
    """The hook that the other side has written is the same: no path of this machine stands in it."""
    make_environment(checkout)
    assert install(checkout, DRAFT_QUEEN_CONTAINER="1").returncode == 0
    written = (checkout / ".git" / "hooks" / "pre-commit").read_text()
    assert install(checkout).returncode == 0
    assert (checkout / ".git" / "hooks" / "pre-commit").read_text() == written
    ended = commit(checkout)
    assert (ended.returncode, ended.stderr) == (0, f"checked by {checkout}/.venv/bin/pre-commit run in {checkout}\n")


def test_a_worktree_checks_with_its_own_environment(checkout: Path) -> None:
    make_environment(checkout)
    tree = checkout.parent / "tree"
    run(checkout, *GIT, "worktree", "add", "--quiet", str(tree), "-b", "tree")
    make_environment(tree)
    assert install(tree).returncode == 0
    for folder in (checkout, tree):
        assert commit(folder).stderr == f"checked by {folder}/.venv/bin/pre-commit run in {folder}\n"


@pytest.mark.parametrize("what", ["missing", "made elsewhere"])
def test_without_an_environment_a_commit_is_refused_with_what_to_run(checkout: Path, what: str) -> None:
    if what == "made elsewhere":
        make_environment(checkout)
        (checkout / ".venv" / "bin" / "python").unlink()
        (checkout / ".venv" / "bin" / "python").symlink_to("/only/inside/python")
    install(checkout)
    ended = commit(checkout)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"draft-queen: pre-commit is not installed in {checkout}/.venv or not for this machine: "
        "run 'make install', or commit without the checks: git commit --no-verify.\n"
    )


def test_a_revision_from_before_the_script_can_be_committed_to(checkout: Path) -> None:
    install(checkout)
    run(checkout, "git", "rm", "--quiet", "-r", "scripts")
    assert commit(checkout).returncode == 0


@pytest.mark.parametrize(
    ("content", "replaced"), [("#!/bin/sh\necho mine\n", False), ("#!/bin/sh\n# File generated by pre-commit\n", True)]
)
def test_a_hook_of_the_users_own_stays(checkout: Path, content: str, replaced: bool) -> None:
    hook = checkout / ".git" / "hooks" / "pre-commit"
    hook.write_text(content)
    ended = install(checkout)
    assert ended.returncode == (0 if replaced else 1)
    assert (hook.read_text() != content) == replaced
    assert replaced or "another hook already exists, .git/hooks/pre-commit: remove it" in ended.stderr


def test_hooks_that_would_not_run_are_not_installed(checkout: Path) -> None:
    run(checkout, "git", "config", "core.hooksPath", str(checkout / "shared"))
    ended = install(checkout)
    assert ended.returncode == 1
    assert f"core.hooksPath is {checkout}/shared" in ended.stderr
    assert not (checkout / "shared").exists()
    shutil.rmtree(checkout / ".git")
    ended = install(checkout, GIT_CEILING_DIRECTORIES=str(checkout.parent))
    assert (ended.returncode, ended.stderr) == (1, "draft-queen: this folder is not a Git checkout, so it has no hooks.\n")
