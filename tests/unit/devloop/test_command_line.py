"""The command line in a project that is not this one: interpreters that are too old, packages that are missing, uvicorn's habits."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devloop import __main__ as command_line
from devloop.options import Options, parse
from devloop.welcome import address, debugger_line, welcome

#: The folder that is installed, wherever it is.
PACKAGE = Path(command_line.__file__).parent

HOW = '(VS Code: a launch configuration of the type "debugpy" with "request": "attach")'

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the loop runs on Linux")


def test_an_old_python_can_read_what_it_runs_first() -> None:
    for name in ("__init__.py", "__main__.py"):
        ast.parse((PACKAGE / name).read_text(), feature_version=(3, 8))


def test_an_old_python_gets_an_explanation(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    assert command_line.main() == 2
    assert capsys.readouterr().err == f"devloop: Python 3.11 or newer is needed, and this is Python 3.10.13: {sys.executable}\n"


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        (["app.main:app"], ["watchfiles", "uvicorn"]),
        (["worker", "app.main:app"], ["watchfiles"]),
        (["worker", "app.main:app", "--debug-port", "0"], ["watchfiles", "debugpy"]),
        (["worker", "app.main:app", "--env-file", __file__], ["watchfiles", "python-dotenv"]),
    ],
)
def test_missing_packages_are_named_with_the_command_that_installs_them(tmp_path: Path, arguments: list[str], packages: list[str]) -> None:
    """``-S`` hides every package that is installed."""
    command = [sys.executable, "-S", "-m", "devloop", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    expected = f"devloop: not installed: {', '.join(packages)}. Run: {sys.executable} -m pip install {' '.join(packages)}\n"
    assert (done.stdout, done.stderr) == ("", expected)


def test_uvicorns_form_is_the_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["app.main:app", "--port", "0"], ["--port", "0", "app.main:app"]):
        found = parse(arguments)
        assert (found.kind, found.target, found.port) == ("asgi", "app.main:app", 0)
    assert parse(["--grace", "1", "worker", "app.main:run"]).kind == "worker"
    (tmp_path / "src").mkdir()
    assert parse(["app.main:app", "--app-dir", "src"]).root == tmp_path / "src"


@pytest.mark.parametrize("option", ["--env-file", "--log-config"])
def test_a_file_that_is_not_there_is_named(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["app.main:app", option, "no.such"])
    assert f"{option}: there is no file no.such" in capsys.readouterr().err


def test_the_first_lines_name_url_folders_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = Options("asgi", "app.main:app", tmp_path, (tmp_path / "app", tmp_path.parent / "libs"), debug_port=5678)
    modules = ["devloop.worker.run", "uvicorn.loops.auto", "asyncio", "_cffi", "a.b", "a.c", "b", "c", "d", "e", "f"]
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        assert welcome(options, listener, modules) == [
            f"running on http://[::1]:{listener.getsockname()[1]} (press Ctrl-C to quit)",
            "watching app, ../libs; preloading uvicorn, a, b, c, d, e and 1 more",
        ]
        assert debugger_line("127.0.0.1", 5678) == f"a debugger can attach to 127.0.0.1:5678 {HOW}"
        encrypted = replace(options, server={"ssl_certfile": "cert.pem"})
        assert address(encrypted, listener) == f"https://[::1]:{listener.getsockname()[1]}"
        assert address(replace(options, uds=tmp_path / "api.sock"), listener) == f"unix socket {tmp_path}/api.sock"
        assert "preloading uvicorn (the next start" in welcome(options, listener, ["uvicorn.loops.auto"])[1]


def test_a_worker_has_first_lines_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = welcome(Options("worker", "work.main:run", tmp_path, (tmp_path,)), None, ["devloop.worker.plain", "redis"])
    assert lines[0] == "running work.main:run (press Ctrl-C to quit)"
    assert lines[1].startswith("watching this folder; preloading redis")


def test_no_file_of_this_project_is_named() -> None:
    for file in PACKAGE.rglob("*.py"):
        assert "docs/" not in file.read_text(), file
