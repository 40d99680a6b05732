"""Options of a plain reload: the pipe that reports readiness, those without effect, and a supervisor that is killed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from devloop import plain
from devloop.options import Options, parse

PATIENCE = 30.0
APPLICATION = """
async def app(scope, receive, send):
    pass
"""
WORKER = "import os, time\ndef run():\n    print(os.getpid(), flush=True)\n    time.sleep(600)\n"


def test_options_without_effect_are_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plain, "run_process", lambda *_folders, **_options: 0)
    folder = (tmp_path,)
    options = Options(
        "worker", "work:run", tmp_path, folder, debug_port=1, polling="on", locks=folder, install="x", warm=False, stop_first=True
    )
    assert plain.run_plainly(options, None) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == [
        "devloop: --debug-port, --polling, --lock, --install, --no-warm and --stop-first have no effect with a plain reload"
    ]
    assert plain.run_plainly(Options("worker", "work:run", tmp_path, folder, polling="off"), None) == 0
    assert "devloop: --polling has no effect with a plain reload\n" in capsys.readouterr().err
    assert plain.run_plainly(Options("worker", "work:run", tmp_path, folder), None) == 0
    assert "no effect" not in capsys.readouterr().err


def test_options_of_a_table_that_is_shared_with_linux_are_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[tool.devloop]\nlock = ["dev.txt"]\ninstall = "make install"\nstop-first = true\npolling = "on"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "dev.txt").touch()
    assert plain._without_effect(parse(["run", "work:run", "--plain"])) == []
    assert plain._without_effect(parse(["run", "work:run", "--plain", "--install", "x"])) == ["--install"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_the_process_ends_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(WORKER)
    command = [sys.executable, "-m", "devloop", "run", "work:run", "--plain"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + PATIENCE
    try:
        while is_alive(pid):
            assert time.monotonic() < deadline, "the process outlived its supervisor"
            time.sleep(0.02)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are not passed to programs in this way")
@pytest.mark.parametrize(("kind", "target"), [("asgi", "main:app"), ("run", "work:run")])
def test_the_pipe_gets_a_line_when_the_target_runs(tmp_path: Path, kind: str, target: str) -> None:
    (tmp_path / "work.py").write_text(WORKER)
    (tmp_path / "main.py").write_text(APPLICATION)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "devloop", kind, target, "--plain", "--port", "0", "--ready-fd", str(writing)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, pass_fds=(writing,)) as process:
        os.close(writing)
        try:
            readable, _, _ = select.select([reading], [], [], PATIENCE)
            assert readable, "nothing was written to the pipe"
            assert os.read(reading, 100) == b"ready\n"
        finally:
            process.terminate()
            os.close(reading)
