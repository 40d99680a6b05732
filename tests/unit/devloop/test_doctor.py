"""What the doctor makes of the recorded reloads, and how they are recorded."""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from devloop import doctor
from devloop.history import _MOST_RELOADS, History, Known, Reload, Stopwatch, noticed_after, read
from devloop.options import Options
from devloop.worker.import_times import ImportTimes
from devloop.worker.own import Own

FAST = Reload(
    0.0, ["app/leaf.py"], 2, 40.0, warm=True, phases={"process": 5.0, "prepare": 30.0, "switch": 5.0}, importing=20.0, starting=5.0
)


def lines(*reloads: Reload, polling: str = "edits are found by file events", unsafe: dict[str, str] | None = None) -> str:
    return "\n".join(doctor.report(Known("app.main:app", ["/p/app"], polling, unsafe or {}, list(reloads)), 5))


def test_fast_reloads_need_nothing() -> None:
    said = lines(FAST)
    assert "app.main:app: the last reload, in milliseconds" in said
    assert "      40       5      20        5      5     40  app/leaf.py\n           from the warm process" in said
    assert said.endswith("No step took longer than 300 ms.")


@pytest.mark.parametrize(
    ("slow", "advice"),
    [
        ({"starting": 1900.0}, "  - The start-up of the application (lifespan) took 1900 ms: have it do only what every request needs."),
        (
            {"importing": 2100.0, "importers": ("app.models", 412, 500)},
            "  - app.models is imported by 412 of 500 modules, so an edit of it imports these again (2100 ms): keep what you ",
        ),
        (
            {"slowest": [("numpy (package)", 210.0)]},
            "  - numpy starts a thread when it is imported, so every worker imports it by itself: 210 ms.",
        ),
        (
            {"slowest": [("app.big", 420.0)]},
            "  - The import of app.big takes 420 ms by itself: have its top level do less, or do that at the first use.",
        ),
        ({"phases": {"zygote": 900.0}, "because": ["x"]}, "  - Packages were imported again, which took 900 ms: x."),
        ({"phases": {"stop": 900.0}}, "  - The old process took 900 ms to end before the new one began, as it does with --stop-first."),
        ({"phases": {"switch": 310.0}}, "  - The switch took 310 ms: the old process was slow to stop accepting, as while its event loop"),
        ({"noticed": 800.0}, "  - The edit of app/models.py was noticed 800 ms after it was written: "),
    ],
)
def test_what_was_slow_is_named(slow: dict[str, object], advice: str) -> None:
    reload = Reload(0.0, ["app/models.py"], 3)
    for name, value in slow.items():
        setattr(reload, name, value)
    said = lines(FAST, reload, unsafe={"numpy.core": "starts a thread when it is imported"})
    assert advice in said
    assert said.count("\n  - ") == 1
    assert "- " not in lines(FAST, Reload(0.0, [], 1, starting=1900.0)).partition("What takes time")[2]  # a first start is no edit


def test_the_reason_is_said_and_of_each_kind_the_last_advice() -> None:
    one, two = (Reload(0.0, ["app/a.py"], 3, starting=taken, because=["an import was added or removed"]) for taken in (400.0, 500.0))
    said = lines(one, two, Reload(0.0, ["app/a.py"], 4, error="SyntaxError: invalid syntax"))
    assert "not from the warm process: an import was added or removed" in said
    assert "it did not start: SyntaxError: invalid syntax" in said
    assert "400 ms" not in said
    assert "500 ms: have it do only" in said


def test_polling_is_explained() -> None:
    polling = "edits are found by polling every 0.3 s: /p is on 9p, which does not report every edit"
    said = "\n".join(doctor.report(Known("app.main:app", ["/p/app"], polling, {}, [FAST], polls=True), 5))
    assert "  - Edits are found by polling every 0.3 s: /p is on 9p, which does not report every edit." in said


def test_the_record_is_bounded_and_survives_a_restart(tmp_path: Path) -> None:
    options = Options("asgi", "app.main:app", tmp_path, (tmp_path / "app",))
    for number in range(_MOST_RELOADS + 5):
        history = History(options)
        history.known.polling = "polling is on"
        history.add(Reload(1.0, [str(tmp_path / "app" / f"{letter}.py") for letter in "abcd"], number, slowest=[("app.a", 1.0)]))
    (file,) = tmp_path.glob(".cache/devloop/reloads-*")
    known = read(file)
    assert known is not None
    assert [reload.generation for reload in known.reloads] == list(range(5, _MOST_RELOADS + 5))
    assert known.reloads[-1].files == ["app/a.py", "app/b.py", "app/c.py"]
    assert file.stat().st_size < 20_000
    file.write_text('{"of": "another version"}')
    assert read(file) is None
    assert History(options).known.reloads == []


def test_without_a_record_it_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main(["--root", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"No reload has been recorded below {tmp_path}: run devloop there, edit a file, and look again." in said
    assert f"Python {sys.version.split()[0]} on linux" in said
    assert "inotify allows " in said


def test_another_system_is_told_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(doctor, "version", lambda name: {"uvicorn": "1", "watchfiles": "2"}.get(name) or missing(name))
    assert list(doctor.environment([]))[1:] == [
        "uvicorn 1, watchfiles 2, debugpy is not installed",
        "This is darwin: every edit restarts a plain process, which takes as long as a start. The fast reload needs Linux.",
    ]


def missing(name: str) -> str:
    raise PackageNotFoundError(name)


def test_an_edit_is_noticed_after_the_time_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.touch()
    os.utime(file, (time.time() - 2, time.time() - 2))
    assert 2000 <= (noticed_after([str(file), str(tmp_path / "gone.py")]) or 0) < 10_000
    os.utime(file, (1, 1))
    assert noticed_after([str(file)]) is None
    assert noticed_after([]) is None


def test_phases_follow_each_other() -> None:
    watch = Stopwatch()
    time.sleep(0.02)
    watch.over("a")
    watch.over("b")
    assert watch.phases["a"] >= 20 > watch.phases["b"]
    assert watch.total == sum(watch.phases.values())


def test_each_module_is_measured_without_what_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, packages = tmp_path / "own", tmp_path / "packages"
    for folder, name, text in (
        (own, "timed_outer", "import timed_inner, timed_package.part\n"),
        (own, "timed_inner", "import time; time.sleep(0.15)\n"),
        (packages, "timed_package/part", "import time; time.sleep(0.1)\n"),
        (own, "timed_broken", "import timed_worse\n"),
        (own, "timed_worse", "1 / 0\n"),
    ):
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (packages / "timed_package" / "__init__.py").touch()
    for folder in (own, packages):
        monkeypatch.syspath_prepend(str(folder))
    before = importlib.machinery.SourceFileLoader.exec_module
    times = ImportTimes()
    times.begin()
    try:
        importlib.import_module("timed_outer")
        with pytest.raises(ZeroDivisionError) as error:
            exec("import timed_broken", {})  # noqa: S102
    finally:
        times.end()
    assert importlib.machinery.SourceFileLoader.exec_module is before
    found = dict(times.slowest(Own([str(own)])))
    assert found["timed_inner"] >= 150
    assert found["timed_package (package)"] >= 100
    assert found["timed_outer"] < 100
    assert not [
        frame.filename for frame in traceback.extract_tb(error.tb) if "importlib" in frame.filename or "import_times" in frame.filename
    ]
