"""The first load of ``dq serve`` and of the development stack: ``python -m cli.serve.first_load [--from DIR]``.

Without a folder nothing happens if real data are loaded. Otherwise the public release files are tried with a short time limit, so that a
machine without a network does not wait; then the synthetic league is generated, unless it exists. DATABASE_URL must be set.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from app.db.database import translated_errors
from app.errors import DraftQueenError
from app.logging import configure, get_logger
from app.settings import Settings, get_settings
from cli.serve.state import read_state
from pipeline.errors import AlreadyRunning
from pipeline.run import LoadOptions, RunReport, load_all

TRY_SECONDS = 8
"""Seconds without data after which a download fails here; the schedule is more patient."""

WAIT_SECONDS = 600
"""How long to wait for a load of another process."""

QUIET_SECONDS = 1.0
"""Between two lines about progress."""

_GOOD = ("loaded", "unchanged")
_ENDS = (*_GOOD, "skipped", "held", "failed")


class Progress:
    """Prints the running step, but not those that end before their line could be read."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, dataset: str, step: str, done: int, total: int | None) -> None:
        """Take a report from the pipeline."""
        if time.monotonic() - self._said < QUIET_SECONDS or step in _ENDS:
            return
        self._said = time.monotonic()
        amount = "" if not done else f" {done:,}" if total is None else f" {done:,} of {total:,}"
        say(f"{dataset}: {step}{amount}")


def say(line: str) -> None:
    """Write one line of the log."""
    if get_settings().log_as_json:
        get_logger("serve.load").info(line)
    else:
        print(line, flush=True)  # noqa: T201 - standard output is this program's voice


def tell(reports: list[RunReport]) -> None:
    """Log the outcome for each data set."""
    for report in reports:
        if report.state in _GOOD:
            say(f"{report.dataset}: {report.state}, {report.rows_read:,} rows read, {report.warnings} warnings")
            if report.remark:
                say(report.remark)
        else:
            say(f"{report.dataset}: {report.state}: {report.error}")


async def load(settings: Settings, directory: Path | None, *, keep: str | None) -> bool:
    """Fill the database, and return whether it has all requested data. ``keep`` describes data that a league must not replace."""
    dsn = settings.database_url
    if dsn is None:
        raise DraftQueenError("DATABASE_URL is not set.", "Start this through `dq serve`, or use `dq etl run`.")

    options_from = partial(LoadOptions, dsn=dsn, exports_dir=settings.exports, trigger="start")
    loaded: list[str] = []

    async def attempt(options: LoadOptions) -> bool:
        try:
            async with translated_errors():  # the database may become unavailable during the load
                try:
                    reports = await load_all(options, Progress())
                except AlreadyRunning:
                    say("Another process is loading into this database; waiting until it has ended ...")
                    reports = await load_all(replace(options, wait_seconds=WAIT_SECONDS), Progress())
        except DraftQueenError as error:
            say(str(error))
            return False
        tell(reports)
        loaded.extend(report.dataset for report in reports if report.state in _GOOD)
        return all(report.state in _GOOD for report in reports)

    if directory is not None:
        say(f"Loading the files in {directory} ...")
        return await attempt(options_from(source="files", directory=directory))
    say(f"Trying the public release files at {settings.source_base_url} ...")
    if await attempt(options_from(source="web")):
        return True
    if loaded:
        say(f"Only {', '.join(loaded)} could be loaded; the scheduled load retries the rest.")
        return False
    if keep:
        say(f"They are not available now; the existing {keep} is kept.")
        if missing := (await read_state(dsn)).missing:
            say(f"{' and '.join(missing)} can be loaded from files: dq etl run --from DIR")
        return True
    if not (await read_state(dsn)).empty:
        say("They are not available now; what another process has loaded meanwhile is kept.")
        return True
    size = f"{settings.sample_rows:,} picks and combine entries"
    say(f"They are not available now: loading a synthetic league of {size} (made-up names), labelled as such.")
    return await attempt(options_from(source="sample", sample_rows=settings.sample_rows, sample_seed=settings.sample_seed))


async def load_if_wanted(settings: Settings, directory: Path | None) -> bool:
    """Load unless all data exist, and return whether they do now."""
    dsn = settings.database_url
    state = None if dsn is None or directory is not None else await read_state(dsn)
    if state is None:
        return await load(settings, directory, keep=None)
    if not state.wants_data:
        return True
    if state.missing and state.real:
        say(f"No data yet: {', '.join(state.missing)}. Trying to load what is missing.")
    return await load(settings, directory, keep="real data" if state.real else None if state.empty else "synthetic league")


def main() -> None:
    """Exit with code 0 if the data are loaded, else 1."""
    parser = argparse.ArgumentParser(prog="python -m cli.serve.first_load")
    parser.add_argument("--from", dest="directory", type=Path)
    options = parser.parse_args()
    # As Ctrl-C would: asyncio cancels the load, which rolls back.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    os.environ["SOURCE_TIMEOUT_SECONDS"] = str(min(TRY_SECONDS, get_settings().source_timeout_seconds))
    get_settings.cache_clear()
    if get_settings().log_as_json:
        configure(get_settings())
    try:
        done = asyncio.run(load_if_wanted(get_settings(), options.directory))
    except KeyboardInterrupt:
        sys.exit(130)
    except DraftQueenError as error:
        say(str(error))
        sys.exit(error.exit_code)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
