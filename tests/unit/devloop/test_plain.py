"""Where the loop cannot run, a plain reload does; it needs nothing that Windows does not have."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devloop import __main__ as command_line
from devloop import plain
from devloop.options import Options

WITHOUT_POSIX = """
import asyncio, multiprocessing, os, signal, socket, sys, tempfile
import uvicorn, watchfiles
for module, names in ((os, "fork posix_spawn"), (signal, "SIGHUP SIGKILL SIGCHLD SIGUSR2"), (socket, "send_fds recv_fds")):
    for name in names.split():
        delattr(module, name)
for name in ("fcntl", "termios", "pwd", "grp", "resource", "tty", "pty"):
    sys.modules[name] = None
sys.platform = "win32"
from devloop import __main__, plain
from devloop.worker import configuration
plain.run_plainly = lambda options, listener: print("plainly", options.target, listener.getsockname()[0])
sys.argv[1:] = ["main:app", "--port", "0"]
sys.exit(__main__.main())
"""


def test_nothing_is_imported_that_windows_does_not_have(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_POSIX], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "plainly main:app 127.0.0.1\n", done.stderr


@pytest.mark.parametrize(("platform", "arguments"), [("darwin", []), ("win32", []), ("linux", ["--plain"])])
def test_it_is_chosen_by_the_platform_or_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, arguments: list[str]
) -> None:
    ran: list[Options] = []

    def run(options: Options, listener: socket.socket | None) -> int:
        ran.append(options)
        if listener is not None:
            listener.close()
        return 7

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plain, "run_plainly", run)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "argv", ["devloop", "main:app", "--port", "0", *arguments])
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert command_line.main() == 7
    assert ran[0].target == "main:app"


def test_the_line_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(plain, "run_process", lambda *_folders, **_options: 0)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert plain.run_plainly(Options("worker", "work:run", tmp_path, (tmp_path,)), None) == 0
    assert "running work:run with a plain reload (this is darwin, and the fast one needs Linux): every edit" in capsys.readouterr().err
