"""The implementation of ``dq etl run`` and ``dq etl fetch``: loads, downloads and their reports."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

import click

from cli.output import note, print_json_lines, print_table
from cli.progress import reporter
from cli.session import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.fetch import Fetched
    from pipeline.ledger import RunReport
    from pipeline.options import LoadOptions, SourceKind
    from pipeline.rollback import Plan

#: States of a load after which the data are available.
GOOD: Final = ("loaded", "unchanged")
_COUNTS: Final = ("read", "inserted", "updated", "deleted", "unchanged", "quarantined")
_COLUMNS: Final = ("dataset", "state", *_COUNTS, "warnings", "version", "seconds")
_OFFLINE: Final = "Without a network, load files with: dq etl run --from DIR, or a synthetic league with: dq etl run --sample"


def run_load(options: Callable[[str, Path], LoadOptions]) -> list[RunReport]:
    """Load and show the progress; ``options`` makes the options from the DSN and the folder of exports.

    Raises AlreadyRunning and other errors that prevent a load.
    """
    from app.db.failures import DATABASE_FAILURES, connection_lost
    from app.settings import get_settings
    from pipeline.errors import LoadError
    from pipeline.explain import explain
    from pipeline.run import load_all

    exports = get_settings().exports
    with database() as dsn, reporter() as progress:
        try:
            return asyncio.run(load_all(options(dsn, exports), progress))
        except DATABASE_FAILURES as error:  # before the first load began, such as while it waited for another one
            if isinstance(error, OSError) or not connection_lost(error):
                raise
            raise LoadError(explain(error, rolled_back=False)) from error


def checked_size(rows: int | None, seed: int | None) -> tuple[int, int]:
    """Return the size and the seed of a synthetic league, by default those of the settings; invalid ones are invalid usage."""
    from app.settings import get_settings
    from pipeline.sources.sample.generate import SampleSizeError, check_size

    settings = get_settings()
    rows, seed = settings.sample_rows if rows is None else rows, settings.sample_seed if seed is None else seed
    try:
        check_size(rows, seed)
    except SampleSizeError as error:
        raise click.UsageError(str(error)) from None
    return rows, seed


def of_folder(directory: Path) -> tuple[tuple[str, ...], list[str]]:
    """Return the data sets of a folder, and a remark about each expected one that it lacks; none for an empty folder."""
    from app.datasets import DATASETS, EXPECTED
    from pipeline.extraction import in_folder

    found = in_folder(directory)
    missing = [DATASETS[name] for name in EXPECTED if name not in found] if found else []
    return found, [
        f"{each.name}: not loaded, because {directory} has no {each.file_stem}.csv, .csv.gz or .parquet; earlier rows stay. "
        f"Add the file and repeat the command, or load the public one: {_program()} etl run --dataset {each.name}"
        for each in missing
    ]


def _program() -> str:
    return os.environ.get("DQ_COMMAND", "dq")  # `make load` sets the command that works outside its container


def planned(run_id: int) -> Plan:
    """Return what taking this load back would do. Raises Refused."""
    from pipeline.rollback import plan_rollback

    with database() as dsn:
        return asyncio.run(plan_rollback(dsn, run_id))


def tell(reports: list[RunReport], *, as_json: bool, source: SourceKind) -> int:
    """Print the outcome for each data set, and return the exit code."""
    if as_json:
        print_json_lines(report.as_dict() for report in reports)
    else:
        print_table([_row(report) for report in reports], _COLUMNS, numbers=_COLUMNS[2:])
    for report in reports:
        if report.error:
            note(f"{report.dataset}: {report.error}")
        elif report.remark:
            note(f"{report.dataset}: {report.remark}")
        if report.changes is not None:
            _tell_preview(report)
        elif report.warnings or report.rows_quarantined:
            note(f"{report.dataset}: {_remarks(report)}. See: {_program()} etl show {report.run_id}")
    if any(report.changes is not None for report in reports):
        note("Dry run: nothing was written.")
    # a file that was read and refused has a checksum: the network is not the problem
    if source == "web" and any(report.state == "skipped" and report.checksum is None for report in reports):
        note(_OFFLINE)
    return 0 if all(report.state in GOOD for report in reports) else 1


def _tell_preview(report: RunReport) -> None:
    """Print what a dry run would have changed and found."""
    for what, counts in (("would be recorded as changes", report.changes), ("would be found", report.findings)):
        if counts:
            note(f"{report.dataset}: {what}: {', '.join(f'{name} {number:,}' for name, number in counts.items())}")


def _row(report: RunReport) -> dict[str, object]:
    return {
        "dataset": report.dataset,
        "state": report.state,
        **{name: getattr(report, f"rows_{name}") for name in _COUNTS},
        "warnings": report.warnings,
        "version": report.dataset_version,
        "seconds": round(sum(report.timings.values()), 2),
    }


def _remarks(report: RunReport) -> str:
    parts = [(report.warnings, "warning"), (report.rows_quarantined, "quarantined row")]
    return ", ".join(f"{count:,} {name}{'s' if count != 1 else ''}" for count, name in parts if count)


def fetch_all(datasets: tuple[str, ...]) -> list[tuple[str, Fetched]]:
    """Download the release files and show the progress. Raises SourceUnavailable."""
    from app.datasets import EXPECTED
    from pipeline.release import download
    from pipeline.sources.hooks import source_of

    with reporter() as progress:

        async def one(name: str) -> tuple[str, Fetched]:
            progress(name, "download", 0, None)
            dataset = source_of(name).dataset
            return name, await download(dataset, patient=True, progress=lambda done, total: progress(name, "download", done, total))

        async def every() -> list[tuple[str, Fetched]]:
            return [await one(name) for name in datasets or EXPECTED]

        return asyncio.run(every())
