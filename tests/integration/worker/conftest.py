"""Worker processes, with a stand-in for the load where its behaviour is what matters."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from pipeline.worker import LOAD_JOB
from tests.support.waiting import until

T = TypeVar("T")

#: Stands in for a load: writes down that it ran, then does what the test says.
STAND_IN = """
import json, os, pathlib, sys, time
from app.process import ending_with
ending_with(os.getppid())()
request = json.load(sys.stdin)
folder = pathlib.Path(request["exports_dir"])
attempt = len(list(folder.glob("attempt-*"))) + 1
(folder / f"attempt-{attempt}").write_text(str(os.getpid()))
plan = json.loads((folder / "plan.json").read_text())
step = plan[min(attempt, len(plan)) - 1]
time.sleep(step.get("seconds", 0))
if step.get("dies"):
    os._exit(7)
(folder / f"ended-{attempt}").touch()
print(json.dumps({"outcome": step.get("outcome", "done"), "error": step.get("error"), "reports": []}))
"""

START = """
import asyncio, json, sys
from app.logging import configure
from app.settings import load_settings
from pipeline.load_once import OPTIONS
from pipeline.worker import WorkerOptions, work
options = json.loads(sys.argv[1])
configure(load_settings(env_file=None))
command = tuple(options.pop("command", ())) or (sys.executable, "-m", "pipeline.load_once")
load = OPTIONS.validate_python({"source": "web", "trigger": "schedule", **options.pop("request")})
asyncio.run(work(WorkerOptions(load, command=command, **options)))
"""


class Workers:
    """Starts worker processes and reads what they say."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        self.processes: list[subprocess.Popen[str]] = []

    def plan(self, *steps: Mapping[str, object]) -> None:
        (self.folder / "plan.json").write_text(json.dumps(steps))
        (self.folder / "stand_in.py").write_text(STAND_IN)

    def start(self, **options: object) -> subprocess.Popen[str]:
        given = {
            "request": {"dsn": self.dsn, "exports_dir": str(self.folder)},
            "command": [sys.executable, str(self.folder / "stand_in.py")],
            "ticks": "0 0 1 1 *",
            # on a busy machine a heartbeat comes late, and a job that seems abandoned is begun again
            "heartbeat_timeout": 60.0,
            "poll": 0.5,
            "first_retry": 0.2,
            "reconnect_after": 0.2,
            **options,
        }
        log = self.folder / f"worker-{len(self.processes)}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", START, json.dumps(given)],
                stderr=file,
                text=True,
                env={**os.environ, "LOG_FORMAT": "json", "ENVIRONMENT": "test"},
            )
        self.processes.append(process)
        return process

    def said(self, number: int = 0) -> list[dict[str, object]]:
        lines = (self.folder / f"worker-{number}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def events(self, number: int = 0) -> list[str]:
        return [str(line["event"]) for line in self.said(number)]

    def wait_for(self, what: Callable[[], bool]) -> None:
        until(what, lambda: "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log"))))

    def ran(self, attempt: int) -> bool:
        file = self.folder / f"attempt-{attempt}"
        return file.exists() and file.read_text() != ""  # made, and then written

    def ended(self, attempt: int) -> bool:
        return (self.folder / f"ended-{attempt}").exists()


@pytest.fixture
def workers(database: str, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(database, tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def on_database(dsn: str, action: Callable[[asyncpg.Connection], Coroutine[object, object, T]]) -> T:
    async def run() -> T:
        connection = await asyncpg.connect(dsn)
        try:
            return await action(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def enqueue(dsn: str) -> None:
    async def put(connection: asyncpg.Connection) -> None:
        await Queries(AsyncpgDriver(connection)).enqueue(LOAD_JOB, None, dedupe_key=LOAD_JOB, on_conflict="skip")

    on_database(dsn, put)


def queued(dsn: str) -> int:
    async def count(connection: asyncpg.Connection) -> int:
        return int(await connection.fetchval("select count(*) from pgqueuer"))

    return on_database(dsn, count)


def has_data(workers: Workers) -> None:
    """Both data sets have been loaded once."""

    async def loaded(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "insert into dataset (dataset, version, row_count, synthetic, checksum, run_id)"
            " select name, 1, 1, false, 'x', 1 from unnest(array['draft_picks', 'combine']) name"
        )

    on_database(workers.dsn, loaded)
