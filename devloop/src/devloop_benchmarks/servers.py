"""Starts the servers that are compared, each in its own session, and ends whatever they have started."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from devloop_benchmarks.application import Application
from devloop_benchmarks.client import first_answer

START_SECONDS = 60.0
STOP_SECONDS = 15.0
#: Without compiled files every start is slower than anybody's; the others are of the development stack, for its own database and cache.
NOT_FOR_SERVERS = ("PYTHONDONTWRITEBYTECODE", "DATABASE_PASSWORD", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    application: Application
    process: subprocess.Popen[bytes]
    port: int
    #: Where a debugger attaches; 0: nowhere.
    debug_port: int
    #: From the start of the process to its first answer, in seconds.
    started_in: float

    def processes(self) -> list[psutil.Process]:
        """It and all that descend from it."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


def devloop(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """The command of this project's loop."""
    options = ["--root", str(application.folder), "--host", "127.0.0.1", "--port", str(port)]
    if debug_port:
        options += ["--debug-host", "127.0.0.1", "--debug-port", str(debug_port)]
    return [application.python, "-m", "devloop", application.devloop_target, *options]


def uvicorn(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """The command of the plain server; with a debug port below debugpy, as its documentation shows."""
    debugger = ["-m", "debugpy", "--listen", f"127.0.0.1:{debug_port}"] if debug_port else []
    return [application.python, *debugger, "-m", "uvicorn", *application.uvicorn_arguments, "--host", "127.0.0.1", "--port", str(port)]


def uvicorn_reload(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """The same with its reloader, which takes watchfiles because that is installed."""
    return [*uvicorn(application, port, debug_port), "--reload"]


def watchfiles(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """The command line of watchfiles, which starts a whole program again."""
    return _behind_debugger(
        debug_port, "-m", "watchfiles", "--filter", "python", shlex.join(uvicorn(application, port)), str(application.folder)
    )


def hupper(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """Pyramid's reloader, which runs any module."""
    program = "from hupper.cli import main; main()"  # it cannot be run with `-m`
    return _behind_debugger(debug_port, "-c", program, "-q", "-m", *uvicorn(application, port)[2:])


def granian(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """The server with its own reloader."""
    options = ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--reload"]
    return _behind_debugger(debug_port, "-m", "granian", *options, application.uvicorn_arguments[0])


def jurigged(application: Application, port: int, debug_port: int = 0) -> list[str]:
    """Changes functions in the process that runs."""
    return _behind_debugger(debug_port, "-m", "jurigged", "-w", str(application.folder), "-m", *uvicorn(application, port)[2:])


def _behind_debugger(debug_port: int, *arguments: str) -> list[str]:
    """Run Python with these arguments, below debugpy when there is a port for it."""
    debugger = ["-m", "debugpy", "--listen", f"127.0.0.1:{debug_port}"] if debug_port else []
    return [sys.executable, *debugger, *arguments]


COMMANDS = {
    "devloop": devloop,
    "uvicorn": uvicorn,
    "uvicorn --reload": uvicorn_reload,
    "watchfiles": watchfiles,
    "hupper": hupper,
    "granian --reload": granian,
    "jurigged": jurigged,
}


@contextmanager
def serve(command: str, application: Application, log: Path, *, debug: bool = False) -> Iterator[Running]:
    """Run one of the commands until the block ends; what it writes is in the log."""
    port, debug_port = free_port(), free_port() if debug else 0
    arguments = COMMANDS[command](application, port, debug_port)
    environment = {**os.environ, **application.environment, "PYTHONUNBUFFERED": "1"}
    for name in NOT_FOR_SERVERS:
        environment.pop(name, None)
    started = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            env=environment,
            cwd=application.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _first_answer(process, port, application, log)
        yield Running(application, process, port, debug_port, time.perf_counter() - started)
    finally:
        stop(process)


def _first_answer(process: subprocess.Popen[bytes], port: int, application: Application, log: Path) -> None:
    """Wait until it answers, or say why it did not."""
    try:
        first_answer(port, application.base.path, lambda answer: answer.status == 200, within=START_SECONDS, by=process)
    except TimeoutError:
        said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"{process.args!r} did not answer; it said:\n{said}") from None


def stop(process: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM, then SIGKILL to the remaining processes of its session."""
    descendants: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        descendants = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    for each in descendants:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
