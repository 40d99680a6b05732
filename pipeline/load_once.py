"""One load in a process of its own: ``python -m pipeline.load_once``, started by the worker.

Options come as one JSON object on standard input (a command line would show the database's password), the outcome goes as one JSON object
to standard output, log lines to standard error. The memory of a load goes back with the process, and the worker's heartbeat never waits
for a computation. SIGTERM rolls the load back; the process also ends when its parent dies.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, Self

from app.datasets import EXPECTED
from app.db.failures import DATABASE_FAILURES
from app.errors import DraftQueenError
from app.logging import configure, get_logger
from app.settings import SettingsError, get_settings
from pipeline.errors import AlreadyRunning, SourceUnavailable

Outcome = Literal["done", "already_running", "unavailable", "failed", "stopped"]
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load; the fields are those of ``pipeline.run.LoadOptions`` that the worker decides."""

    dsn: str
    exports_dir: str
    source: Literal["files", "web", "sample"] = "web"
    directory: str | None = None
    sample_rows: int = 0
    sample_seed: int = 0
    datasets: tuple[str, ...] = EXPECTED

    def to_json(self) -> str:
        """For the standard input of the process."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How it went. ``reports`` are the ledger rows as plain values; ``error`` is one sentence.

    ``unavailable``: the source or the database was not there, another attempt may succeed.
    """

    outcome: Outcome
    error: str | None = None
    reports: tuple[dict[str, object], ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads the standard output of the process; raises ValueError when it is none of ours."""
        values = json.loads(text)
        return cls(values["outcome"], values["error"], tuple(values["reports"]))


def die_with_parent() -> None:
    """Asks Linux to terminate this process when its parent ends, however it ends; elsewhere nothing happens."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died in between
            sys.exit(1)


async def load(request: LoadRequest) -> LoadResult:
    """Runs the load and says how it went instead of raising."""
    from pipeline.run import LoadOptions, load_all

    log = get_logger("pipeline.load")
    options = LoadOptions(
        dsn=request.dsn,
        exports_dir=Path(request.exports_dir),
        source=request.source,
        directory=Path(request.directory) if request.directory else None,
        sample_rows=request.sample_rows,
        sample_seed=request.sample_seed,
        trigger="schedule",
        datasets=tuple(request.datasets),  # JSON has only lists
    )

    def progress(dataset: str, step: str, done: int, total: int | None) -> None:
        log.debug("load_progress", dataset=dataset, step=step, done=done, total=total)

    try:
        reports = await load_all(options, progress)
    except AlreadyRunning as error:
        return LoadResult("already_running", str(error))
    except (SourceUnavailable, *DATABASE_FAILURES) as error:
        return LoadResult("unavailable", str(error) or type(error).__name__)
    except DraftQueenError as error:
        return LoadResult("failed", str(error))
    return _summary([report.as_dict() for report in reports])


def _summary(reports: list[dict[str, object]]) -> LoadResult:
    states = {report["state"] for report in reports}
    outcome: Outcome = "unavailable" if "skipped" in states else "failed" if states & {"failed", "held"} else "done"
    errors = [str(report["error"]) for report in reports if report["error"]]
    return LoadResult(outcome, " ".join(errors) or None, tuple(reports))


async def _until_told_to_stop(request: LoadRequest) -> LoadResult:
    task = asyncio.ensure_future(load(request))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return LoadResult("stopped", "The load was stopped and rolled back.")


def main() -> int:
    """Entry point; the exit code is 0 whenever an outcome was written."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the whole group; the worker decides for both
    try:
        configure(get_settings())
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log without settings
        return 2
    request = LoadRequest(**json.load(sys.stdin))
    result = asyncio.run(_until_told_to_stop(request))
    json.dump(asdict(result), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
