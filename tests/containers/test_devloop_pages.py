"""The pages of devloop that need an engine, followed word for word in a folder that is not this repository."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.containers.stack import run
from tests.support.dap.editor import Editor
from tests.support.dap.wire import Json
from tests.support.waiting import free_port
from tests.support.walkthrough import Walk, steps
from tests.support.wheel import WHEEL, build

PAGES = CHECKOUT / "docs" / "devloop"
COMPOSE = PAGES / "docker-compose.md"


@pytest.fixture
def debug_port() -> int:
    return free_port()


@pytest.fixture
def walk(tmp_path: Path, debug_port: int) -> Walk:
    """An empty folder with the wheel in it."""
    folder = tmp_path / f"devloop-page-{debug_port}"  # Compose names the project after it
    folder.mkdir()
    dist = tmp_path / "dist"
    dist.mkdir()
    (build(dist) / WHEEL).rename(folder / WHEEL)
    return Walk(folder, os.environ, {"5678": str(debug_port), "sleep 1\ncurl": "sleep 5\ncurl"})


@contextmanager
def removed(walk: Walk, *compose: str) -> Iterator[None]:
    try:
        yield
    finally:
        run(["docker", "compose", *compose, "down", "--volumes", "--rmi", "local"], cwd=walk.folder, check=False)


def test_docker_compose(walk: Walk, debug_port: int) -> None:
    """Python 3.13, in the image that most people take; an editor on the host stops in the container's code before and after an edit."""
    with removed(walk):
        walk.follow(steps(COMPOSE))
        editor = Editor()
        line = next(number for number, text in enumerate((walk.folder / "main.py").read_text().splitlines(), 1) if "return" in text)
        mapping: Mapping[str, Json] = {"pathMappings": [{"localRoot": str(walk.folder), "remoteRoot": "/app"}]}
        editor.attach(debug_port, {walk.folder / "main.py": [line]}, mapping)
        try:
            for greeting in ("Good evening", "Good night"):
                walk.run(f"sed -i 's/Good [a-z]*/{greeting}/' main.py; sleep 3; curl --silent http://127.0.0.1:8000/ > answer 2>&1 &")
                stop = editor.wait_stopped()
                assert (stop.path, stop.line, stop.function) == (walk.folder / "main.py", line, "hello")
                editor.continue_()
        finally:
            editor.detach()


@pytest.mark.usefixtures("devcontainer_command")
def test_dev_container(walk: Walk) -> None:
    for step in steps(COMPOSE):
        if step.name in ("requirements.txt", "main.py"):
            walk.write(step)
    with removed(walk, "--project-name", f"{walk.folder.name}_devcontainer"):
        files = steps(PAGES / "dev-container.md")
        assert [step.name for step in files[:-1]] == [
            ".devcontainer/devcontainer.json",
            ".devcontainer/compose.yaml",
            ".devcontainer/Dockerfile",
        ]
        for step in files[:-1]:
            walk.write(step)
        opened, answer = walk.run(files[-1].text).strip().splitlines()[-2:]
        assert json.loads(opened)["outcome"] == "success"
        assert json.loads(answer) == {"message": "Hello"}
        (walk.folder / "main.py").write_text((walk.folder / "main.py").read_text().replace("Hello", "Good evening"))
        walk.run("sleep 5")
        assert json.loads(walk.run(files[-1].text.partition("\n")[2]).strip().splitlines()[-1]) == {"message": "Good evening"}
