"""A process knows what it has read, and finds out whether it is still so on the disk."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from devloop.inputs import Inputs
from devloop.worker.own import Own


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def inputs(project: Path) -> Iterator[Inputs]:
    found = Inputs(Own([str(project)]))
    before = set(sys.modules)
    found.listen()
    found.begin()
    yield found
    found.stop()
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(file: Path, text: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    importlib.invalidate_caches()
    return str(file)


def rewrite(file: str, text: str) -> None:
    """As an editor does that writes another file and renames it, so that even equal texts are another state."""
    Path(file + ".new").write_text(text)
    os.replace(file + ".new", file)  # noqa: PTH105


def test_nothing_has_changed_at_first(inputs: Inputs, project: Path) -> None:
    write(project / "inputs_a.py", "import json")
    importlib.import_module("inputs_a")
    assert inputs.changed() == []


@pytest.mark.parametrize("compiled", [False, True])
def test_a_module_is_edited_whether_its_text_or_its_compiled_code_was_read(inputs: Inputs, project: Path, compiled: bool) -> None:
    file = write(project / "inputs_a.py", "X = 1")
    importlib.import_module("inputs_a")
    if compiled:
        del sys.modules["inputs_a"]
        importlib.import_module("inputs_a")
    rewrite(file, "X = 2")
    assert inputs.changed() == [file]


def test_a_file_is_edited_removed_or_made_that_was_read_or_asked_for(inputs: Inputs, project: Path) -> None:
    read, removed, made = (str(project / name) for name in ("read.md", "removed.md", "made.md"))
    for file in (read, removed):
        Path(file).write_text("first")
        assert Path(file).read_text() == "first"
    with pytest.raises(FileNotFoundError):
        open("made.md")  # noqa: PTH123, SIM115 - by its name in the current folder
    assert inputs.changed() == []
    rewrite(read, "other")
    Path(removed).unlink()
    Path(made).touch()
    assert sorted(inputs.changed()) == sorted([read, removed, made])


def test_what_is_written_is_not_an_input(inputs: Inputs, project: Path) -> None:
    file = project / "inputs_state.json"
    file.write_text("1")
    assert inputs.written == {str(file)}
    file.write_text("2")
    assert inputs.changed() == []


def test_a_save_in_two_steps_is_complete_before_it_is_compared(inputs: Inputs, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An emptied file, and one that is missing for a moment; not what this process writes itself."""

    def by_another_process(command: str) -> None:
        subprocess.run(["sh", "-c", command], cwd=project, check=True)

    def complete(seconds: float) -> None:
        assert 0 < seconds <= 0.1
        by_another_process("echo complete > emptied.txt; mv old.txt missing.txt")

    by_another_process("echo unchanged > old.txt")
    (project / "old.txt").read_text()
    assert inputs.changed_by_others() == []
    # of this module alone: servers of other tests run in threads of this process
    clock = SimpleNamespace(time=lambda: (project / "own.txt").stat().st_mtime, time_ns=time.time_ns, sleep=complete)
    monkeypatch.setattr("devloop.inputs.time", clock)
    by_another_process("touch emptied.txt")
    (project / "emptied.txt").read_text()
    with pytest.raises(FileNotFoundError):
        (project / "missing.txt").read_text()
    (project / "own.txt").write_text("1")
    assert sorted(inputs.changed_by_others()) == [str(project / f"{name}.txt") for name in ("emptied", "missing", "old")]


def test_a_folder_whose_content_was_asked_for(inputs: Inputs, project: Path) -> None:
    folder = project / "inputs_plugins"  # "plugins" is also the name of a module that other tests have imported
    folder.mkdir()
    assert list(folder.iterdir()) == []
    (folder / ".hidden").touch()
    assert inputs.changed() == []
    (folder / "new.py").touch()
    assert inputs.changed() == [str(folder)]


def test_a_module_that_would_be_found_earlier(inputs: Inputs, project: Path, tmp_path: Path) -> None:
    write(tmp_path / "packages/inputs_b.py", "X = 1")
    importlib.import_module("inputs_b")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("inputs_optional")
    (project / "unrelated.py").touch()
    assert inputs.changed() == []
    for name in ("inputs_b.py", "inputs_optional"):
        (project / name).touch()
    assert inputs.changed() == [str(project / "inputs_b.py"), str(project / "inputs_optional")]


def test_a_file_that_is_back_again(project: Path, tmp_path: Path) -> None:
    """It was there when the folder was first listed, and gone when its name was looked for: the listing of the first time would hide it."""
    early = write(project / "inputs_shadow.py", "")
    write(tmp_path / "packages" / "inputs_shadow.py", "")
    zygote = Inputs(Own([str(project)]))
    zygote.listen()
    try:
        Path(early).unlink()
        zygote.begin()  # in the process that was forked
        importlib.invalidate_caches()
        importlib.import_module("inputs_shadow")
        assert zygote.changed() == []
        write(Path(early), "")
        assert zygote.changed() == [early]
        assert zygote.changed() == [early], "a second comparison finds the same"
    finally:
        zygote.stop()
        sys.modules.pop("inputs_shadow", None)


def test_a_place_to_look_in_that_comes_to_be_there(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("inputs_later")
    assert inputs.changed() == []
    write(tmp_path / "packages/inputs_later.py", "")
    assert inputs.changed() == [str(tmp_path / "packages/inputs_later.py")]


def test_a_file_that_tells_of_more_places(inputs: Inputs, project: Path) -> None:
    (project / "editable.pth").write_text("/elsewhere")
    assert inputs.changed() == [str(project / "editable.pth")]


def test_an_installed_package_matters_to_what_asked_what_is_installed(inputs: Inputs, project: Path) -> None:
    list(importlib.metadata.distributions())
    (project / "unrelated.txt").touch()
    assert inputs.changed() == []
    (project / "thing-1.0.dist-info").mkdir()
    assert inputs.changed() == [str(project / "thing-1.0.dist-info")]


def test_the_first_module_that_changes_the_environment(inputs: Inputs, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUTS_WORD", "same")
    inputs.begin()
    write(project / "inputs_a.py", "import inputs_b, inputs_c, inputs_d")
    write(project / "inputs_b.py", "import os; os.environ['INPUTS_WORD'] = 'same'")
    write(project / "inputs_c.py", "import inputs_set; inputs_set.put()")
    write(project / "inputs_set.py", "import os\ndef put(): os.environ['INPUTS_WORD'] = 'other'")
    write(project / "inputs_d.py", "import os; del os.environ['INPUTS_WORD']")
    importlib.import_module("inputs_a")
    assert list(inputs.changers) == ["inputs_c", "inputs_d"]
    assert {"inputs_a", "inputs_b", "inputs_c"} <= set(inputs.begun_before_change)
    assert "inputs_d" not in inputs.begun_before_change


def test_a_package_changes_the_environment_on_its_own_account(inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUTS_WORD", "first")
    inputs.begin()
    write(tmp_path / "packages/inputs_b.py", "import os; os.environ['INPUTS_WORD'] = 'other'")
    importlib.import_module("inputs_b")
    assert list(inputs.changers) == []
    assert inputs.environment_changed


def test_an_import_that_does_more_than_to_define_things(inputs: Inputs, project: Path) -> None:
    write(project / "inputs_a.py", "import sqlite3; sqlite3.connect(':memory:').close()")
    importlib.import_module("inputs_a")
    assert inputs.effects == {"inputs_a": "opens a database"}


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("project/app/main.py", True),
        ("libs/shared/words.py", True),
        ("linked/app/main.py", True),
        ("projects/app/main.py", False),
        ("project/.venv/lib/python3/site-packages/thing.py", False),
    ],
)
def test_own_is_what_lies_in_one_of_the_folders(tmp_path: Path, file: str, own: bool) -> None:
    for folder in ("project", "libs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "project")
    folders = [str(tmp_path / "project"), str(tmp_path / "libs")]
    assert Own(folders).has(str(tmp_path / file)) == own


def test_a_watched_folder_of_installed_packages_is_own(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages" / "thing"
    assert Own([str(folder)]).has(str(folder / "part.py"))
