"""Runs the Docker client with a time limit, so that a hanging daemon is reported, too."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal

ANSWER_SECONDS: Final = 8.0

Trouble = Literal["missing", "hung", "denied", "down"]

_LABELS = ("com.docker.compose.project", "com.docker.compose.project.working_dir", "com.docker.compose.service")
_CONTAINER_FORMAT = "\t".join(["{{.Names}}", *(f'{{{{.Label "{label}"}}}}' for label in _LABELS), "{{.State}}", "{{.Ports}}"])
#: One published range in the column PORTS: address, first port, last port.
_PUBLISHED = re.compile(r"(?:^|, )(\S*?):(\d+)(?:-(\d+))?->\d+(?:-\d+)?/tcp")
_LOOPBACK = ("127.0.0.1", "0.0.0.0", "[::]", "::", "")  # noqa: S104 - addresses to compare with; nothing is bound


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of the client: ``code`` is None if it exceeded its time limit."""

    code: int | None
    out: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of any stack; ``ports`` are the ports of this machine's loopback that it publishes."""

    name: str
    project: str
    folder: str
    service: str
    state: str
    ports: frozenset[int]


class Docker:
    """The Docker client. Checks run concurrently and share its responses."""

    def __init__(self, environment: Mapping[str, str], seconds: float = ANSWER_SECONDS) -> None:
        self._environment = environment
        self._seconds = seconds
        self._known: dict[tuple[str, ...], Answer] = {}
        self._lock = Lock()
        self.path = shutil.which("docker", path=environment.get("PATH", os.defpath))

    def ask(self, *arguments: str) -> Answer:
        """Run the client and return its output; repeated questions are answered from memory."""
        if self.path is None:
            return Answer(127, error="docker: not found")
        with self._lock:
            if arguments not in self._known:
                self._known[arguments] = _run([self.path, *arguments], self._environment, self._seconds)
            return self._known[arguments]

    @property
    def trouble(self) -> Trouble | None:
        """Why the engine cannot be used, or None when it responds."""
        if self.path is None:
            return "missing"
        answer = self.ask("version", "--format", "{{.Server.Version}}")
        if answer.code is None:
            return "hung"
        if answer.code == 0:
            return None
        return "denied" if "permission denied" in answer.error.lower() else "down"

    @property
    def version(self) -> str:
        """The engine's version; only valid without ``trouble``."""
        return self.ask("version", "--format", "{{.Server.Version}}").out

    def containers(self) -> list[Container] | None:
        """Return all containers, running or not; None if the engine does not respond."""
        if self.trouble:
            return None
        answer = self.ask("ps", "--all", "--no-trunc", "--format", _CONTAINER_FORMAT)
        if answer.code != 0:
            return None
        rows = [line.split("\t") for line in answer.out.splitlines()]
        return [
            Container(name, project, folder, service, state, published(ports))
            for name, project, folder, service, state, ports in (row for row in rows if len(row) == 6)
        ]

    def is_rootless(self) -> bool:
        """Check whether the engine is rootless: the caller is then root inside containers."""
        return not self.trouble and "rootless" in self.ask("info", "--format", "{{.SecurityOptions}}").out

    def data_root(self) -> Path | None:
        """Return the folder in which the engine stores images and volumes, if it reports one."""
        if self.trouble:
            return None
        answer = self.ask("info", "--format", "{{.DockerRootDir}}")
        return Path(answer.out) if answer.code == 0 and answer.out.startswith("/") else None


def published(column: str) -> frozenset[int]:
    """Return the loopback ports in a column of ``docker ps``, such as ``127.0.0.1:8000->8000/tcp, [::]:81->80/tcp``."""
    return frozenset(
        port
        for address, first, last in _PUBLISHED.findall(column)
        if address in _LOOPBACK
        for port in range(int(first), int(last or first) + 1)
    )


def _run(command: list[str], environment: Mapping[str, str], seconds: float) -> Answer:
    """Run a command in its own session, so that on a time-out it is killed with all its child processes."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        return Answer(126, error=str(error))
    with process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return Answer(None)
    return Answer(process.returncode, out.strip("\r\n"), err.strip())  # tabs separate columns, and a last one may be empty
