"""The hooks at a commit find what `make check` finds, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.conftest import CHECKOUT

HOOKS = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
RECIPES = dict(re.findall(r"^(\.?[a-z-]+):.*\n((?:\t.*\n)*)", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def tools(command: str) -> set[str]:
    """What a command or recipe starts, through other targets of ours as well."""
    targets = re.findall(r" (\.[a-z-]+)", command) if "make" in command.lower() else []
    found = set(re.findall(r"(?:\$\(BIN\)|\.venv/bin)/([a-z-]+(?: (?:format|check|-m [a-z.]+[a-z_]+))?)", command))
    return found.union(*(tools(RECIPES[target]) for target in targets))


def test_every_check_is_a_hook() -> None:
    checks = set().union(*(tools(RECIPES[target]) for target in ("lint", "typecheck", "docs-check", "migrations-check")))
    assert {"ruff check", "mypy", "shellcheck", "hadolint", "zizmor"} <= checks
    assert set().union(*(tools(hook["entry"]) for hook in HOOKS)) == checks


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook["entry"].startswith("make")], ids=lambda hook: str(hook["id"]))
def test_what_is_committed_passes(hook: dict[str, str]) -> None:
    ran = subprocess.run(hook["entry"].split(), cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr} ({sys.executable})"
