"""`python -m devloop` as a test runs it: in a folder of its own, with its log, its processes and an end that leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.conftest import CHECKOUT
from tests.support.sample_application import FILES
from tests.support.terminal import log_in
from tests.support.waiting import PATIENCE, free_port, until
from tests.support.writing import write_at_once

_MARK = "DEVLOOP_TEST_MARK"
_NOT_PASSED_ON = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, with the names of the headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def generation(self) -> int:
        return int(self.headers["x-devloop-generation"])

    @property
    def stale(self) -> str | None:
        return self.headers.get("x-devloop-stale")

    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict), found
        return found


class Loop:
    """One supervisor in the folder ``root``."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.port = free_port()
        self.log_file = root.parent / f"{root.name}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._mark = uuid4().hex
        plain = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        path = os.pathsep.join([str(CHECKOUT), *filter(None, [environment.pop("PYTHONPATH", "")])])
        #: A terminal that the loop is started in; who gives it copies what is shown there to the log.
        self.terminal: int | None = None
        #: A command that the loop is started by, such as one that mounts something first.
        self.wrapper: list[str] = []
        #: The interpreter that runs it; one of another environment finds this devloop through PYTHONPATH.
        self.python = sys.executable
        self.environment = plain | {_MARK: self._mark, "PYTHONPATH": path} | environment

    # --- life ----------------------------------------------------------------------------------------------------------------

    def start(self, *arguments: str, target: str = "app.main:app", kind: str = "asgi") -> Loop:
        port = ["--port", str(self.port)] if kind not in ("worker", "run") else []
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, self.python, "-m", "devloop", *filter(None, [kind, target]), *port, *arguments],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL if self.terminal is None else self.terminal,
                stdout=log if self.terminal is None else self.terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if self.terminal is None else log_in,
            )
        if kind == "asgi":
            until(lambda: self._listens() or self._ended(), lambda: self.log)
        return self

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def started(self, *arguments: str, **more: str) -> Loop:
        """Start, and come back when the first generation answers and the warm process is there."""
        self.start(*arguments, **more)
        self.wait_for_log(" started\n")
        if "--debug-port" in arguments:
            self.wait_for_log("devloop: a debugger can attach to ")
        self.settle()
        return self

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def send_received(self, number: signal.Signals) -> None:
        """Send the signal; come back when the supervisor has it: two that are pending are one to the kernel."""
        self.send(number)
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status")
        until(lambda: re.search(r"^ShdPnd:\s+0+$", status.read_text(), re.MULTILINE), lambda: self.log)

    def begin_end(self, number: signal.Signals) -> None:
        """Send the signal; come back when the end has begun: the warm process is gone, and no other one takes its place."""
        until(lambda: "devloop-warm" in self._called(), lambda: f"no warm process: {self._called()}\n{self.log}")
        self.send_received(number)
        until(lambda: "devloop-warm" not in self._called(), lambda: f"still a warm process: {self._called()}\n{self.log}")

    def _called(self) -> list[str]:
        return [called(pid) for pid in self.forked()]

    def wait(self, seconds: float = PATIENCE) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def end(self) -> None:
        """In order when it still runs; nothing is left in either case."""
        code = 0
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                code = self.process.wait()
        try:
            self.assert_nobody_is_left()
        finally:
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert code == 0, self.log

    # --- what it says ----------------------------------------------------------------------------------------------------------

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def wait_for_log(self, text: str, *, times: int = 1, since: int = 0, seconds: float = PATIENCE) -> None:
        """Until the log has this so many times, after its first ``since`` characters."""
        until(lambda: self.log[since:].count(text) >= times, lambda: f"{text!r} is not in the log:\n{self.log}", seconds)

    @property
    def generations(self) -> list[int]:
        """Those that the log tells of."""
        return [int(number) for number in re.findall(r"^devloop: generation (\d+) after", self.log, re.MULTILINE)]

    # --- requests --------------------------------------------------------------------------------------------------------------

    @contextmanager
    def connection(self, timeout: float = PATIENCE) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, path: str = "/marks", method: str = "GET", timeout: float = PATIENCE, **headers: str) -> Answer:
        """The answer on a connection of its own."""
        with self.connection(timeout) as connection:
            return ask(connection, path, method, **headers)

    def mark(self, name: str) -> str | None:
        """What the code that answers says of itself; None when the answer is an error."""
        answer = self.get()
        return str(answer.json()[name]) if answer.status == 200 else None

    def wait_for(self, name: str, value: str) -> Answer:
        """The first answer that says so."""
        until(lambda: self.mark(name) == value, lambda: f"{name} is not {value}: {self.get()}\n{self.log}")
        return self.get()

    def wait_for_stale(self, text: str) -> Answer:
        until(lambda: text in (self.get().stale or ""), lambda: f"not stale for {text}: {self.get()}\n{self.log}")
        return self.get()

    def wait_for_page(self, text: str, status: int = 500) -> Answer:
        until(lambda: text in self.get("/").text, lambda: f"no page with {text}: {self.get('/')}\n{self.log}")
        answer = self.get("/")
        assert answer.status == status, answer
        return answer

    def begin(self, connection: http.client.HTTPConnection, path: str) -> None:
        """Ask on this connection, and come back when somebody is at work on the answer; for paths that say when they begin."""
        begun = self.root.parent / f"begun-{uuid4().hex}"
        connection.request("GET", f"{path}&begun={begun}")
        until(begun.exists, lambda: f"nobody answers {path}\n{self.log}")

    @contextmanager
    def held(self) -> Iterator[Callable[[], Answer]]:
        """A request that somebody is at work on until the function is called, which ends it and gives its answer."""
        end = self.root.parent / f"end-{uuid4().hex}"
        with self.connection() as connection:
            self.begin(connection, f"/held?end={end}")

            def finish() -> Answer:
                end.touch()
                return answer_on(connection)

            yield finish

    @contextmanager
    def events(self, host: str | None = None) -> Iterator[Callable[[], tuple[str, dict[str, Any]]]]:
        """What a browser's script hears: a function that waits for the next event."""
        with self.connection() as connection:
            connection.request("GET", "/__devloop__/events", headers={"Host": host} if host else {})
            response = connection.getresponse()
            assert response.headers["content-type"] == "text/event-stream"

            def read() -> tuple[str, dict[str, Any]]:
                kind = ""
                while line := response.readline():
                    word, _, value = line.decode().strip().partition(": ")
                    if word == "event":
                        kind = value
                    elif word == "data":
                        return kind, json.loads(value)
                return "end", {}

            yield read

    # --- edits -----------------------------------------------------------------------------------------------------------------

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project: certainly one edit."""
        return write_at_once(self.root / name, text)

    def edit(self, name: str, old: str, new: str) -> Path:
        """Replace in a file's text."""
        text = (self.root / name).read_text()
        assert old in text, text
        return self.write(name, text.replace(old, new))

    def set_mark(self, module: str, value: str) -> None:
        """Give ``base`` or a module of ``routes`` another MARK, beginning from its text at the start."""
        name = "app/base.py" if module == "base" else f"app/routes/{module}.py"
        self.write(name, FILES[name].replace(f'MARK = "{module}"', f'MARK = "{value}"'))

    def restore(self) -> None:
        """Every file as it was at the start and nothing else, answering and settled: for the next test of a shared loop."""
        sources = [file for file in (self.root / "app").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        now = {str(file.relative_to(self.root)): file.read_text(errors="replace") for file in [*sources, self.root / ".env"]}
        other = {name for name in now.keys() | FILES.keys() if now.get(name) != FILES.get(name)}
        before = len(self.log)
        for name in sorted(other):
            if name in FILES:
                self.write(name, FILES[name])
            else:
                (self.root / name).unlink()
        folders = {parent for name in FILES for parent in (self.root / name).parents}
        for folder in [path for path in (self.root / "app").rglob("*") if path.is_dir() and path.name != "__pycache__"]:
            if folder not in folders:
                until(partial(_removed, folder), lambda folder=folder: f"{folder} is still there")  # type: ignore[misc]
        if any(name.endswith((".py", ".env")) for name in other):
            self.wait_for_log("devloop: generation", since=before)
        until(self._as_at_the_start, lambda: f"{self.get()}\n{self.log}")
        self.settle()

    def _as_at_the_start(self) -> bool:
        answer = self.get()
        found = answer.json() | {"pid": 0} if answer.status == 200 else {}
        return answer.stale is None and found == {
            **{name: name for name in ("base", "marks", "slow")},
            "started": "base",
            "word": "first",
            "pid": 0,
        }

    # --- processes ---------------------------------------------------------------------------------------------------------------

    def processes(self) -> list[int]:
        """Everything that carries our mark and has not ended, the supervisor first."""
        needle = f"{_MARK}={self._mark}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if needle in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return sorted(found)

    def zygote(self) -> int:
        """The zygote that forks; a retired one that still has children has an older number."""
        assert self.process is not None
        return max(pid for pid in self.processes() if parent(pid) == self.process.pid)

    def forked(self) -> list[int]:
        """The worker, the warm process and processes that retire."""
        assert self.process is not None
        return [pid for pid in self.processes() if pid != self.process.pid and parent(pid) != self.process.pid]

    def settle(self) -> None:
        """Wait until there are worker, maybe a warm process, their zygotes and the supervisor, and nothing changes for a moment."""
        assert self.process is not None
        supervisor, seen = self.process.pid, list[tuple[list[int], str]]()

        def still() -> bool:
            forked = [pid for pid in self.forked() if (zygote := parent(pid)) is not None and parent(zygote) == supervisor]
            now = [pid for pid in self.processes() if parent(pid) not in forked]  # what a worker starts is its own matter
            seen.append((now, self.log))
            return len(forked) in (1, 2) and len(now) == 1 + len(forked) + len(set(map(parent, forked))) and seen[-6:].count(seen[-1]) == 6

        until(still, lambda: f"processes {self.processes()}\n{self.log}", step=0.04)

    def assert_nobody_is_left(self) -> None:
        """The kernel ends the children of a process that was killed, which takes a moment."""
        until(lambda: not self.processes(), lambda: f"left over: {[(pid, command(pid)) for pid in self.processes()]}\n{self.log}")


def _removed(folder: Path) -> bool:
    """Whether it is gone; a process of the loop may just be writing or removing compiled code in it."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def ask(connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request on this connection."""
    connection.request(method, path, headers=headers)
    return answer_on(connection)


def answer_on(connection: http.client.HTTPConnection) -> Answer:
    """The answer to what was asked on it."""
    response = connection.getresponse()
    body = response.read()
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def parent(pid: int) -> int | None:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def called(pid: int) -> str:
    """The name that the process has given itself."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "ended"


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return "ended"
