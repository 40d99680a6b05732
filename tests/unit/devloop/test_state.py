"""The folder in which the loop keeps what it has learned."""

from __future__ import annotations

import subprocess
from pathlib import Path

from devloop.history import History, Reload
from devloop.options import Options
from devloop.preload import Preload


def test_git_ignores_the_folder_and_a_users_own_rule_stays(tmp_path: Path) -> None:
    options = Options("asgi", "app.main:app", tmp_path, (tmp_path,))
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    Preload(options).learn(["a"])
    History(options).add(Reload(1.0))
    assert len(list(options.state.glob("*.json"))) == 2
    status = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert status.stdout == ""
    (options.state / ".gitignore").write_text("mine\n")
    History(options).add(Reload(2.0))
    assert (options.state / ".gitignore").read_text() == "mine\n"
