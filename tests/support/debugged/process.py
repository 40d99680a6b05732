"""The tests' side of the supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import psutil

from app.settings import CHECKOUT
from tests.support.dap.editor import plain_environment
from tests.support.dap.wire import Fields, Json
from tests.support.waiting import PATIENCE

MARK = "DQ_TEST_MARK"


class Supervised:
    """A running supervisor with its events. As a context, it ends the supervisor, and fails if any process is left."""

    def __init__(self, target: Path, *options: str, timeout: float = PATIENCE, **environment: str) -> None:
        self._timeout = timeout
        self._events: list[Fields] = []
        self._changed = threading.Condition()
        self._mark = str(uuid4())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.debugged.supervisor", "--target", str(target), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            env=plain_environment() | {MARK: self._mark} | environment,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        self.port = self.wait("running").number("port")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self.process.poll() is None:
                assert self.process.stdin
                self.process.stdin.close()
                self.process.wait(PATIENCE)
            if error is None:
                self.wait_nothing_left()
        finally:
            for left in self.processes():
                with suppress(psutil.NoSuchProcess):
                    left.kill()

    # --- events ---------------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self._events.append(Fields(json.loads(line)))
                self._changed.notify_all()

    def all(self, event: str, **match: Json) -> list[Fields]:
        return [found for found in self._events if found.text("event") == event and match.items() <= found.content.items()]

    def wait(self, event: str, number: int = 1, **match: Json) -> Fields:
        """The `number`th event of that name with those details."""
        with self._changed:
            done = self._changed.wait_for(lambda: len(self.all(event, **match)) >= number, self._timeout)
        shown = "\n".join(str(found.content) for found in self._events)
        assert done, f"waited {self._timeout:.0f} s for event {number} {event} {match}; there were:\n{shown}"
        return self.all(event, **match)[number - 1]

    # --- commands -------------------------------------------------------------------------------------------------------------

    def tell(self, command: Json) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def new_worker(self, *, joins: bool = False) -> int:
        """Replaces the worker; returns its process id when it has imported everything, and has joined if it should."""
        started = len(self.all("worker"))
        self.tell("worker")
        pid = self.wait("worker", started + 1).number("pid")
        if joins:
            assert self.wait("joined", pid=pid).flag("ok")
        self.wait("ready", pid=pid)
        return pid

    def call(self, function: str, argument: Json) -> int:
        """Has the worker call a function; returns the number of the result event to wait for."""
        before = len(self.all("result"))
        self.tell({"call": function, "argument": argument})
        return before + 1

    def result(self, number: int) -> Json:
        return self.wait("result", number).content["value"]

    # --- processes ------------------------------------------------------------------------------------------------------------

    def processes(self, module: str = "") -> list[psutil.Process]:
        """The processes that this supervisor has started directly or indirectly, itself included, that run `module`."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get(MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE
                if ours and module in " ".join(process.cmdline()):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def wait_nothing_left(self, module: str = "") -> None:
        deadline = time.monotonic() + self._timeout
        while left := self.processes(module):
            assert time.monotonic() < deadline, f"left over: {[process.cmdline() for process in left]}"
            time.sleep(0.02)

    def kill(self, module: str) -> None:
        """kill -9 of the one process that runs `module`."""
        (process,) = self.processes(module)
        os.kill(process.pid, signal.SIGKILL)
