"""One load in a separate process: ``python -m pipeline.load_once``, started by the worker.

Options come as one JSON object on standard input (a command line would show the database's password), the outcome goes as one JSON object
to standard output, log lines to standard error. The memory of a load goes back with the process, and the worker's heartbeat never waits
for a computation. SIGTERM rolls the load back; the process also ends when its parent dies.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

from app.db.failures import DATABASE_FAILURES
from app.errors import DraftQueenError
from app.logging import configure, get_logger
from app.process import ending_with
from app.settings import SettingsError, get_settings
from pipeline.errors import AlreadyRunning, SourceUnavailable
from pipeline.options import LoadOptions

Outcome = Literal["done", "already_running", "unavailable", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How it went. ``reports`` are the ledger rows as plain values; ``error`` is one sentence.

    ``unavailable``: the source or the database was not there, another attempt may succeed.
    """

    outcome: Outcome
    error: str | None = None
    reports: tuple[dict[str, object], ...] = ()


#: Both as JSON, from one process to the other.
OPTIONS: Final = TypeAdapter(LoadOptions)
RESULT: Final = TypeAdapter(LoadResult)


async def load(options: LoadOptions) -> LoadResult:
    """Run the load, and return how it went instead of raising."""
    from pipeline.run import load_all

    log = get_logger("pipeline.load")

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


async def _until_told_to_stop(options: LoadOptions) -> LoadResult:
    task = asyncio.ensure_future(load(options))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return LoadResult("stopped", "The load was stopped and rolled back.")


def main() -> int:
    """Run the load; the exit code is 0 whenever an outcome was written."""
    ending_with(os.getppid())()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the whole group; the worker decides for both
    try:
        configure(get_settings())
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log without settings
        return 2
    result = asyncio.run(_until_told_to_stop(OPTIONS.validate_json(sys.stdin.read())))
    sys.stdout.write(RESULT.dump_json(result).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
