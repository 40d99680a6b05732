"""`dq serve` as a test runs it: with its own data, port and mark in the environment, by which its processes are found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.settings import CHECKOUT
from tests.support.terminal import log_in
from tests.support.waiting import PATIENCE, free_port, until
from tools.embedded import EmbeddedPostgres

NOWHERE = "http://127.0.0.1:9/releases"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")

#: As on a system other than Linux.
PLAIN = "import cli.serve.loop as l, cli.serve.launcher as m; l.is_plain = m.is_plain = lambda: True; from cli.entry import main; main()"


class Served:
    """One `dq serve` with its own data, port and mark in the environment, by which its processes are found."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.port = free_port()
        self.data_dir = data_dir
        self.mark = f"DQ_TEST_MARK={uuid4()}"
        self.log = data_dir / f"serve-{self.port}.log"
        name, _, value = self.mark.partition("=")
        plain = {key: text for key, text in os.environ.items() if key != "MAKELEVEL"}
        self.env = plain | {
            "PORT": str(self.port),
            "DATA_DIR": str(data_dir),
            "SOURCE_BASE_URL": NOWHERE,
            "SAMPLE_ROWS": "600",
            name: value,
        }
        self.env |= {"RELOAD": "0", **environment}
        self.process: subprocess.Popen[bytes] | None = None
        #: A terminal that it is started in; who gives it copies what is shown there to the log.
        self.terminal: int | None = None

    def start(self, *arguments: str, checkout: Path = CHECKOUT, plain: bool = False) -> Served:
        program = ["-c", PLAIN] if plain else ["-m", "cli.main"]
        return self.start_program([sys.executable, *program, "serve", *arguments], checkout)

    def start_program(self, command: Sequence[str], checkout: Path = CHECKOUT) -> Served:
        """Start another program than `dq serve`, in the same environment."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=checkout,
                env=self.env,
                stdin=self.terminal,
                stdout=log if self.terminal is None else self.terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if self.terminal is None else log_in,
            )
        return self

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wait_until_it_answers(self) -> float:
        """How long it took."""
        started = time.monotonic()
        until(self._answers, lambda: self.output, step=0.05)
        return time.monotonic() - started

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output
        with suppress(OSError):
            return self.get("/health")[0] == 200
        return False

    def wait_for_output(self, text: str) -> None:
        until(lambda: text in self.output, lambda: f"{text!r} was not said:\n{self.output}", step=0.05)

    def wait_for_times(self, text: str, times: int) -> None:
        """Wait until the log has this so often."""
        until(lambda: self.output.count(text) >= times, lambda: f"{text!r} is not there {times} times:\n{self.output}", step=0.05)

    def total(self) -> int:
        status, body = self.get("/api/v1/draft-picks?limit=1")
        assert status == 200, body
        return int(json.loads(body)["total"])

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def processes(self) -> list[psutil.Process]:
        """Everything that carries our mark, and the database server of our folder."""
        folder = str(EmbeddedPostgres(self.data_dir / "postgres").directory)
        found = []
        for process in psutil.process_iter():
            try:
                name, _, value = self.mark.partition("=")
                if process.environ().get(name) == value or any(folder in word for word in process.cmdline()):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def running(self, word: str) -> list[psutil.Process]:
        """Those with this word in their command; one that ends while it is being looked at is none of them."""
        found = []
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                if word in process.cmdline():
                    found.append(process)
        return found

    def api(self) -> psutil.Process:
        """The API's process."""
        found = self.running("app.server")
        assert found, f"no API runs: {self.output}"
        return found[0]

    def keeper(self) -> psutil.Process:
        """The process that keeps the database server running."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's own come and go
                if any("tools.embedded_keeper" in word for word in process.cmdline()):
                    return process
        raise AssertionError(f"no keeper runs: {self.output}")

    def assert_nobody_is_left(self) -> None:
        """The kernel ends the children of a process that was killed, which takes a moment."""
        until(lambda: not self.processes(), lambda: f"left over: {self.processes()}\n{self.output}", step=0.1)

    def end(self) -> None:
        """After a failed test too."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
