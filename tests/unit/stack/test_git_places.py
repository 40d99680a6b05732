"""Where the containers find the history of a checkout, for every kind of link that `git worktree` and `git submodule` write."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.stack.conftest import GIT, values
from tests.unit.stack.test_stack_env import prepare

ALLOWED = ("-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run([*GIT, *ALLOWED, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def places(folder: Path) -> tuple[str, str, str]:
    """On the host, inside, and where Git looks for the checkout from there."""
    ended = prepare(folder)
    assert ended.returncode == 0, ended.stderr
    written = values(folder)
    return written["GIT_COMMON_DIR"], written["GIT_COMMON_DIR_INSIDE"], written["GIT_WORK_TREE_INSIDE"]


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    """A repository that will have submodules."""
    folder = tmp_path / "outer"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=outer")
    return folder


@pytest.fixture
def submodule(checkout: Path, outer: Path) -> Path:
    git(outer, "submodule", "--quiet", "add", str(checkout), "services/draft-queen")
    git(outer, "commit", "--quiet", "--message=submodule")
    return outer / "services" / "draft-queen"


def worktree(repository: Path, place: Path) -> Path:
    git(repository, "worktree", "add", "--quiet", str(place), "-b", place.name.replace(" ", "-"))
    return place


def make_relative(tree: Path) -> Path:
    """As Git 2.48 and later write it with worktree.useRelativePaths."""
    own = Path((tree / ".git").read_text().removeprefix("gitdir: ").strip())
    (tree / ".git").write_text(f"gitdir: {os.path.relpath(own, tree)}\n")
    (own / "gitdir").write_text(f"{os.path.relpath(tree / '.git', own)}\n")
    assert git(tree, "rev-parse", "--show-toplevel") == str(tree)
    return tree


def test_a_clone_needs_nothing(checkout: Path) -> None:
    assert places(checkout) == (f"{checkout}/.git", f"{checkout}/.git", "/workspace")


def test_a_worktree_by_absolute_path(checkout: Path) -> None:
    tree = worktree(checkout, checkout.parent / "a tree")
    assert places(tree) == (f"{checkout}/.git", f"{checkout}/.git", "/workspace")


def test_a_worktree_that_is_reached_by_a_link(checkout: Path, tmp_path: Path) -> None:
    """Its .git file has the path that was typed, which only that path's mount serves."""
    tree = worktree(checkout, tmp_path / "tree")
    (tmp_path / "link").symlink_to(checkout)
    (tree / ".git").write_text(f"gitdir: {tmp_path}/link/.git/worktrees/tree\n")
    assert places(tree) == (f"{checkout}/.git", f"{tmp_path}/link/.git", "/workspace")


def test_a_worktree_by_relative_path(checkout: Path, tmp_path: Path) -> None:
    beside = make_relative(worktree(checkout, tmp_path / "tree"))
    assert places(beside) == (f"{checkout}/.git", "/a checkout/.git", "/workspace")
    deeper = make_relative(worktree(checkout, tmp_path / "many" / "folders" / "deeper"))
    assert places(deeper) == (f"{checkout}/.git", "/a checkout/.git", "/workspace")
    within = make_relative(worktree(checkout, checkout / "trees" / "within"))
    assert places(within) == (f"{checkout}/.git", "/.git", "/workspace")


def test_a_submodule(submodule: Path, outer: Path) -> None:
    history = ".git/modules/services/draft-queen"
    assert places(submodule) == (f"{outer}/{history}", f"/{history}", "/services/draft-queen")


def test_a_submodule_by_absolute_path(submodule: Path, outer: Path) -> None:
    """As Git before 1.7.10 wrote it."""
    history = outer / ".git" / "modules" / "services" / "draft-queen"
    (submodule / ".git").write_text(f"gitdir: {history}\n")
    assert places(submodule) == (str(history), str(history), str(submodule))
    git(history, "config", "core.worktree", str(submodule))
    assert places(submodule) == (str(history), str(history), str(submodule))


def test_a_submodule_whose_settings_are_per_worktree(submodule: Path) -> None:
    """`git sparse-checkout` moves core.worktree to where only one worktree reads it."""
    before = places(submodule)
    git(submodule, "sparse-checkout", "set", "--no-cone", "/*")
    assert places(submodule) == before


def test_a_nested_submodule(submodule: Path, outer: Path, tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "--quiet")
    git(top, "submodule", "--quiet", "add", str(outer), "middle")
    git(top / "middle", "submodule", "--quiet", "update", "--init", "--recursive")
    history = ".git/modules/middle/modules/services/draft-queen"
    nested = top / "middle" / "services" / "draft-queen"
    assert places(nested) == (f"{top}/{history}", f"/{history}", "/middle/services/draft-queen")


def test_worktrees_of_a_submodule(submodule: Path, outer: Path, tmp_path: Path) -> None:
    history = f"{outer}/.git/modules/services/draft-queen"
    tree = worktree(submodule, tmp_path / "tree")
    assert places(tree) == (history, history, "/workspace")
    relative = make_relative(worktree(submodule, tmp_path / "relative"))
    assert places(relative) == (history, "/outer/.git/modules/services/draft-queen", "/workspace")


def test_a_submodule_of_a_worktree(submodule: Path, outer: Path, tmp_path: Path) -> None:
    tree = worktree(outer, tmp_path / "tree")
    git(tree, "submodule", "--quiet", "update", "--init")
    history = ".git/worktrees/tree/modules/services/draft-queen"
    assert submodule.exists()
    assert places(tree / "services" / "draft-queen") == (f"{outer}/{history}", f"/outer/{history}", "/tree/services/draft-queen")


def test_a_clone_with_its_history_elsewhere(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--separate-git-dir", str(tmp_path / "history"), str(checkout), str(tmp_path / "clone"))
    assert places(tmp_path / "clone") == (f"{tmp_path}/history", f"{tmp_path}/history", "/workspace")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another user")
def test_a_worktree_of_another_user(checkout: Path) -> None:
    tree = worktree(checkout, checkout.parent / "tree")
    for path in (tree, tree / ".git", checkout, checkout / ".git"):
        os.chown(path, 12345, 12345)
    assert places(tree)[:2] == (f"{checkout}/.git", f"{checkout}/.git")
