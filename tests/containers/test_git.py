"""Git in the dev image, in every kind of checkout: status, history, and a commit that the hooks check."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.stack import Ended, Stack, run

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "protocol.file.allow=always")
INSTALL = "scripts/install_hooks.sh"


def in_image(stack: Stack, script: str, *, check: bool = True) -> Ended:
    """A command in the checkout as the API's container sees it, without the rest of the stack."""
    command = ("run", "--rm", "--no-deps", "--no-TTY", "api", "bash", "-euc", script)
    return stack.compose(*command, check=check, timeout=600)


def commit(message: str) -> str:
    return f"git -c user.name=test -c user.email=test@example.invalid commit --quiet --all --message={message}"


@pytest.fixture
def plain(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A clone of the user of this test, not started."""
    one = make_stack(os.getuid())
    yield one
    one.end()


@pytest.fixture
def built(plain: Stack) -> Iterator[Callable[[Path], Stack]]:
    """Makes the image for a checkout that belongs to that clone."""
    made: list[Stack] = []

    def build(folder: Path) -> Stack:
        one = plain if folder == plain.folder else Stack(folder, plain.instance + 1, plain.uid, plain.home)
        made.append(one)
        one.started = True
        one.run("bash", "scripts/stack.sh", "check-engine")
        one.compose("build", "--quiet", "api", timeout=900)
        return one

    yield build
    for one in made:
        one.end()


def worktree(clone: Path, *, relative: bool) -> Path:
    tree = clone.parent / "a tree"
    run([*GIT, "worktree", "add", "--quiet", str(tree), "-b", "tree"], cwd=clone)
    if relative:  # as Git 2.48 and later write it with worktree.useRelativePaths
        own = clone / ".git" / "worktrees" / "a tree"
        own = next(own.parent.iterdir())
        (tree / ".git").write_text(f"gitdir: {os.path.relpath(own, tree)}\n")
        (own / "gitdir").write_text(f"{os.path.relpath(tree / '.git', own)}\n")
    return tree


def submodule(clone: Path) -> Path:
    outer = clone.parent / "outer"
    run([*GIT, "init", "--quiet", str(outer)])
    run([*GIT, "submodule", "--quiet", "add", str(clone), "services/draft-queen"], cwd=outer)
    run([*GIT, "commit", "--quiet", "--message=outer"], cwd=outer)
    return outer / "services" / "draft-queen"


PLACES: dict[str, Callable[[Path], Path]] = {
    "clone": lambda clone: clone,
    "worktree": lambda clone: worktree(clone, relative=False),
    "relative worktree": lambda clone: worktree(clone, relative=True),
    "submodule": submodule,
}


@pytest.mark.parametrize("kind", PLACES)
def test_git_works_inside_and_hooks_check_on_both_sides(kind: str, plain: Stack, built: Callable[[Path], Stack]) -> None:
    stack = built(PLACES[kind](plain.folder))
    file = stack.folder / "scripts" / "lock.sh"
    branch = run(["git", "branch", "--show-current"], cwd=stack.folder).stdout
    looks = ("git status --porcelain", "git log --format=%s -1", "git branch --show-current", "git rev-parse --show-toplevel")
    seen = in_image(stack, "; ".join([*looks, "cd app", "git ls-files main.py"]))
    assert seen.stdout == f"copy\n{branch}/workspace\nmain.py\n"

    # installed inside: the checks run inside ...
    assert "The checks now run at every commit" in in_image(stack, "make hooks").stdout
    good = file.read_text()
    file.write_text(good + "echo $unquoted\n")
    refused = in_image(stack, commit("bad"), check=False)
    assert refused.returncode == 1
    assert "SC2086" in refused.stdout + refused.stderr
    file.write_text(good + "# a remark\n")
    passed = in_image(stack, f"{commit('inside')}; git log --format=%s -1")
    assert "inside" in passed.stdout
    assert "shell scripts" in passed.stdout + passed.stderr

    # ... and outside, where nothing is installed yet, and then is
    file.write_text(good)
    refused = run([*GIT, "commit", "--all", "--message=outside"], cwd=stack.folder, check=False)
    assert refused.returncode == 1
    assert "run 'make install'" in refused.stderr
    (stack.folder / ".venv").symlink_to(sys.prefix)
    passed = run([*GIT, "commit", "--all", "--message=outside"], cwd=stack.folder)
    assert "shell scripts" in passed.stdout + passed.stderr
    assert run(["git", "log", "--format=%s", "-2"], cwd=stack.folder).stdout == "outside\ninside\n"


def test_hooks_that_were_installed_outside_check_python_inside(plain: Stack, built: Callable[[Path], Stack]) -> None:
    stack = built(plain.folder)
    run(["bash", INSTALL], cwd=stack.folder)
    module = stack.folder / "app" / "__init__.py"
    good = module.read_text()
    module.write_text(f"{good}\nX: int = 'text'\n")
    refused = in_image(stack, commit("bad"), check=False)
    assert refused.returncode == 1
    assert "Incompatible types in assignment" in refused.stdout + refused.stderr
    module.write_text(f"{good}\nX = 1\n")
    assert in_image(stack, f"{commit('good')}; git log --format=%s -1").stdout.endswith("good\n")
    assert stack.owners() == {stack.uid}


def test_without_git_the_stack_has_no_history_and_works(plain: Stack, built: Callable[[Path], Stack]) -> None:
    shutil.rmtree(plain.folder / ".git")
    assert in_image(built(plain.folder), "dq --help >/dev/null; if git status 2>/dev/null; then exit 1; fi").returncode == 0
