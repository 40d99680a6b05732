"""What a benchmark gets and gives: a database with data, servers on free ports, a load generator, and results with a demand."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen
from uuid import uuid4

import asyncpg
import psutil

from app.datasets import EXPECTED
from cli.migrations.migrate import upgrade
from pipeline.options import LoadOptions
from tools.embedded import EmbeddedPostgres

T = TypeVar("T")

CHECKOUT = Path(__file__).resolve().parents[1]
REAL_DATA = "DRAFT_QUEEN_DATA"
START_SECONDS = 30
SAMPLE_ROWS = 22_000
#: A hundred times the real draft picks and combine results: 1.3 million selections and 0.9 million entries.
LARGE_ROWS = 2_190_000


@dataclass(frozen=True, slots=True)
class Result:
    """One measured number and the required one."""

    name: str
    measured: float
    demanded: float
    at_least: bool = True
    unit: str = "×"
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the demand is met."""
        return self.measured >= self.demanded if self.at_least else self.measured <= self.demanded


class Context:
    """What all benchmarks of a run share; everything in it ends with the run."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        temporary = tempfile.TemporaryDirectory(prefix="draft-queen-bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._stack.enter_context(temporary))
        self.folder.chmod(0o711)  # as root, the servers run as another user, who has to pass through

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @cached_property
    def _server(self) -> str:
        """The socket folder of this run's own PostgreSQL, with the product's own options."""
        postgres = EmbeddedPostgres(self.folder / "postgres")
        self._stack.enter_context(postgres)
        return parse_qs(urlsplit(postgres.dsn).query)["host"][0]

    @cached_property
    def real_data(self) -> Path | None:
        """The folder with the real files, when it is there."""
        named = os.environ.get(REAL_DATA)
        folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
        return folder if (folder / "nflverse").is_dir() else None

    def new_database(self, *, migrated: bool = True) -> str:
        """The address of a fresh database of this run's own server."""
        name = f"b_{uuid4().hex[:12]}"
        execute(f"postgresql://postgres@/postgres?host={self._server}", f"create database {name}")
        dsn = f"postgresql://postgres@/{name}?host={self._server}"
        if migrated:
            apart(lambda: upgrade(dsn))
        return dsn

    @cached_property
    def exports(self) -> Path:
        """Where the load of `league` put its files."""
        folder = self.folder / "exports"
        folder.mkdir(exist_ok=True)
        return folder

    @cached_property
    def league(self) -> str:
        """The address of a database with the real files, or with a synthetic league of about their size."""
        dsn = self.new_database()
        if self.real_data:
            return _load(LoadOptions(dsn, self.exports, "files", self.real_data))
        return _load(LoadOptions(dsn, self.exports, "sample", sample_rows=SAMPLE_ROWS, sample_seed=1))

    @cached_property
    def large_league(self) -> str:
        """The address of a database with a synthetic league a hundred times as large."""
        folder, datasets = self.folder / "exports-large", (*EXPECTED, "pick_values")
        return _load(LoadOptions(self.new_database(), folder, "sample", sample_rows=LARGE_ROWS, sample_seed=1, datasets=datasets))

    @contextmanager
    def serve(self, application: str, database: str | None = None) -> Iterator[Server]:
        """One of the applications of `benchmarks.server` in a process of its own, over `league` unless a database is given."""
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
            environment = {
                **os.environ,
                "DATABASE_URL": database or self.league,
                "EXPORTS_DIR": str(self.exports),
                "ENVIRONMENT": "test",
                "LOG_FORMAT": "json",
            }
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            environment.pop("REDIS_URL", None)
            command = [sys.executable, "-m", "benchmarks.server", application, str(listener.fileno())]
            with (self.folder / f"{application}.log").open("ab") as log:
                process = subprocess.Popen(command, pass_fds=[listener.fileno()], env=environment, cwd=CHECKOUT, stdout=log, stderr=log)
            try:
                server = Server(process.pid, listener.getsockname()[1])
                server.wait(process)
                yield server
            finally:
                process.terminate()
                process.wait(20)


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port of the loopback."""

    pid: int
    port: int

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode} before it answered")
            with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/health", timeout=START_SECONDS):
                return
            if time.monotonic() > deadline:
                raise RuntimeError("the server did not answer in time")
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """Processor time the process has used."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def get_json(self, path: str) -> dict[str, Any]:
        """Read a JSON object that must be there."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            content: dict[str, Any] = json.load(response)
        return content


def pss_megabytes(pid: int) -> float:
    """Proportional share of memory: what several processes share counts once altogether."""
    return psutil.Process(pid).memory_full_info().pss / 2**20


def _load(options: LoadOptions) -> str:
    """Load, and return the address of the database."""
    from pipeline.run import load_all

    apart(lambda: asyncio.run(load_all(options)))
    return options.dsn


def execute(dsn: str, *statements: str) -> None:
    """Run the statements over a connection of their own."""
    apart(lambda: asyncio.run(_execute(dsn, statements)))


async def _execute(dsn: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def apart(function: Callable[[], T]) -> T:
    """Run what brings an event loop of its own in a thread."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()
