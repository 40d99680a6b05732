"""Running loops: one for a module's tests that undo their edits, and a maker of more; and a worker that a bare debug port supervises."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.asked_for import ignored_unless
from tests.support.debugged.process import Supervised
from tests.support.debugged.scenario import SOURCE
from tests.support.loop import Loop
from tests.support.sample_application import write_application

#: `make test-loop` runs them: they take minutes. `make test` has the shortest way through the loop in serve/test_edits.py.
collect_ignore_glob = ignored_unless("LOOP_TESTS", linux=True)


@pytest.fixture(scope="session")
def learned(session_folder: Path) -> Path:
    """What a first loop has learned of the application's packages: the others need not learn it again."""
    root = session_folder / "devloop" / "project"
    with (session_folder / "devloop.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            write_application(root)
            loop = Loop(root)
            try:
                loop.started()
            finally:
                loop.end()
    assert list((root / ".cache" / "devloop").glob("preload-*.json"))
    return root / ".cache"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, learned: Path) -> Iterator[Loop]:
    root = tmp_path_factory.mktemp("shared") / "project"
    write_application(root)
    shutil.copytree(learned, root / ".cache")
    loop = Loop(root)
    try:
        yield loop.started()
    finally:
        loop.end()


@pytest.fixture
def loop(shared: Loop) -> Iterator[Loop]:
    """The module's loop, with the application as it was at the start."""
    yield shared
    shared.restore()


@pytest.fixture
def make(tmp_path: Path, learned: Path) -> Iterator[Callable[..., Loop]]:
    """Writes the application into a folder of this test and makes a loop, not yet started; all are ended."""
    made: list[Loop] = []

    def new(**environment: str) -> Loop:
        root = tmp_path / f"project-{len(made)}"
        write_application(root)
        shutil.copytree(learned, root / ".cache")
        made.append(Loop(root, **environment))
        return made[-1]

    yield new
    for one in made:
        one.end()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def supervised(target: Path) -> Iterator[Supervised]:
    with Supervised(target) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    """Writes files, with paths from the folder that holds the project, and makes a loop in ``project``, not yet started."""
    made: list[Loop] = []

    def new(files: dict[str, str], **environment: str) -> Loop:
        for name, text in {"project/app/__init__.py": "", **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        made.append(Loop(tmp_path / "project", **environment))
        return made[-1]

    yield new
    for loop in made:
        loop.end()
