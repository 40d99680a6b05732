"""What the doctor says about unusual records: nothing that the numbers or the record contradict."""

from __future__ import annotations

from pathlib import Path

import pytest

from devloop import doctor
from devloop.history import History, Known, Reload
from devloop.options import Options

EDIT = ["app/main.py"]


def report(*reloads: Reload, polling: str = "edits are found by file events", polls: bool = False) -> str:
    known = Known("app.main:app", ["/p/app"], polling, {}, list(reloads), polls=polls)
    return "\n".join(doctor.report(known, 5))


def test_a_module_that_no_other_imports_is_not_to_be_imported_less() -> None:
    said = report(Reload(0.0, EDIT, 2, importing=900.0, importers=("main", 0, 1)))
    assert "is imported by" not in said


def test_a_package_is_not_the_readers_module() -> None:
    said = report(Reload(0.0, EDIT, 2, slowest=[("fastapi (package)", 400.0), ("app.big", 420.0)]))
    assert "  - The import of fastapi took 400 ms, because it was not in memory yet, as at a first start or after a new import." in said
    assert "app.big takes 420 ms by itself: have its top level do less" in said
    assert "fastapi (package) takes" not in said


@pytest.mark.parametrize(
    ("files", "phases", "line"),
    [
        (EDIT, {"process": 10.0, "prepare": 2200.0}, "The longest step was import and start-up: 2200 ms (app/main.py)."),
        ([], {"process": 900.0, "prepare": 20.0}, "The longest step was the start of a process: 900 ms (start)."),
        (EDIT, {"process": 250.0, "prepare": 250.0}, "No step took longer than 300 ms."),
    ],
)
def test_without_advice_the_longest_step_is_named(files: list[str], phases: dict[str, float], line: str) -> None:
    assert report(Reload(0.0, files, 2, phases=phases)).endswith(line)


def test_polling_that_is_off_is_not_polling() -> None:
    off = report(Reload(0.0, EDIT, 2, noticed=800.0), polling="edits are found by file events: polling is off")
    assert "Edits are found" not in off
    assert "was noticed 800 ms after it was written" in off
    on = report(Reload(0.0, EDIT, 2, noticed=800.0), polling="edits are found by polling every 0.3 s: polling is on", polls=True)
    assert "  - Edits are found by polling every 0.3 s: polling is on." in on
    assert "was noticed" not in on


def test_what_was_recorded_about_polling_is_not_contradicted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = History(Options("asgi", "app.main:app", tmp_path, (tmp_path,)))
    history.known.polling, history.known.polls = "edits are found by polling every 0.3 s: polling is on", True
    history.add(Reload(1.0, [str(tmp_path / "main.py")], 2))
    assert doctor.main(["--root", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "\nedits are found by polling every 0.3 s: polling is on\n" in said
    assert "file events" not in said


def test_a_slow_switch_has_several_possible_reasons() -> None:
    said = report(Reload(0.0, EDIT, 2, phases={"switch": 900.0}))
    assert (
        "  - The switch took 900 ms: the old process was slow to stop accepting, as while its event loop is blocked or a debugger "
        "has stopped it, or the new one was slow to begin." in said
    )


def test_packages_of_earlier_runs_are_not_reported_for_good(tmp_path: Path) -> None:
    options = Options("asgi", "app.main:app", tmp_path, (tmp_path,))
    first = History(options)
    first.known.unsafe = {"numpy": "starts a thread", "gone": "starts a thread"}
    first.add(Reload(1.0))
    assert History(options, excluded=["numpy"]).known.unsafe == {"numpy": "starts a thread"}
    assert History(options).known.unsafe == {}
    assert len(History(options).known.reloads) == 1


def test_the_state_is_found_where_the_table_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "backend" / "src"
    root.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.devloop]\napp-dir = "backend/src"\n')
    History(Options("asgi", "app.main:app", root, (root,))).add(Reload(1.0))
    monkeypatch.chdir(tmp_path)
    assert doctor.main([]) == 0
    assert "app.main:app: the last reload, in milliseconds" in capsys.readouterr().out


def test_one_folder_is_one_watch(tmp_path: Path) -> None:
    assert any(line.endswith("; this needs 1 watch") for line in doctor.environment([tmp_path]))
    (tmp_path / "app").mkdir()
    assert any(line.endswith("; this needs 2 watches") for line in doctor.environment([tmp_path]))


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_the_number_of_reloads_is_at_least_one(number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        doctor.main(["--root", str(tmp_path), f"--last={number}"])
    assert end.value.code == 2
    assert f"argument --last: '{number}' is not a whole number of at least 1" in capsys.readouterr().err
