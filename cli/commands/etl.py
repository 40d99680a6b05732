"""``dq etl``: loads, and the ledger of past ones."""

from __future__ import annotations

import math
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.datasets import DATASETS
from cli.filters import WholeNumber
from cli.lists import rows_command
from cli.output import echo, note, print_facts, print_table

if TYPE_CHECKING:
    from app.etl_runs.schemas import RunParameters
    from cli.lists import Listed
    from pipeline.options import SourceKind

_DATASETS = click.Choice(list(DATASETS))
_JSON_LINES = "JSON Lines: one object per data set."
_FILES, _OTHER_FILES = (
    " and ".join(dataset.file_stem for dataset in DATASETS.values() if dataset.expected is expected) for expected in (True, False)
)
_RUN_COLUMNS = (
    *("run_id", "dataset", "source", "state", "started_at", "rows_read", "rows_inserted", "rows_updated", "rows_deleted", "warning_count"),
    "error",
)
#: The database keeps no order of the steps.
_STEPS = ("extract", "decode", "validate", "normalise", "match", "merge", "refresh", "export", "commit")
_ISSUE_COLUMNS = ("severity", "rule", "season", "entity", "field", "value", "message")


def _finite(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    """Refuse ``nan`` and ``inf``, which ``FloatRange`` accepts."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number of seconds.")
    return value


@click.group(name="etl")
def command() -> None:
    """Load draft data and inspect past loads."""


@command.command()
@click.option(
    "--from",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=f"Load the files in this folder ({_FILES}, and {_OTHER_FILES} if present, as .csv, .csv.gz or .parquet; names may have a date).",
)
@click.option("--sample", is_flag=True, help="Load a synthetic league: made-up names, realistic numbers.")
@click.option("--rows", type=int, help="Number of rows in the synthetic league.")
@click.option("--seed", type=int, help="Random seed of the synthetic league.")
@click.option("--dataset", "datasets", multiple=True, type=_DATASETS, help="Only this data set; may be repeated.")
@click.option(
    "--force",
    is_flag=True,
    help="Read a file again even if it is unchanged, and compare every row. Changes that need --replace are not applied.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Apply a load that would be held for review or has lost values, and let a synthetic league replace real data. To read an unchanged"
    " file again, add --force.",
)
@click.option("--accept-gap", is_flag=True, help="Load a file that has no rows of a season between its first and its last.")
@click.option("--dry-run", is_flag=True, help="Say what the load would change, and write nothing to the database or to the exports.")
@click.option(
    "--older",
    is_flag=True,
    help="Accept a file with fewer seasons, rows or values than what is loaded, such as an older release. The run records it.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=0,
    callback=_finite,
    help="Seconds to wait for a load that is already running.",
)
@click.option("--json", "as_json", is_flag=True, help=_JSON_LINES)
def run(
    directory: Path | None,
    sample: bool,
    rows: int | None,
    seed: int | None,
    datasets: tuple[str, ...],
    force: bool,
    replace: bool,
    older: bool,
    accept_gap: bool,
    dry_run: bool,
    wait_seconds: float,
    as_json: bool,
) -> None:
    """Load draft picks, combine results, and other data sets that the source has.

    Without --from or --sample, the public release files are downloaded. A folder may have a part of the files; the rest stays as it is. A
    load replaces all rows or none; after a failed load the previous data remain available. An unchanged file is not read again unless the
    columns that this version reads have changed. The exit code is 1 when a data set could not be loaded.
    """
    if directory is not None and sample:
        raise click.UsageError("--from and --sample cannot be used together.")
    if not sample and (rows is not None or seed is not None):
        raise click.UsageError("--rows and --seed require --sample.")
    from cli.loading import checked_size, of_folder, run_load, tell
    from pipeline.options import LoadOptions

    source: SourceKind = "files" if directory is not None else "sample" if sample else "web"
    names, remarks = tuple(dict.fromkeys(datasets)), list[str]()
    if directory is not None and not names:
        names, remarks = of_folder(directory)
    options = partial(
        LoadOptions,
        source=source,
        directory=directory,
        datasets=names,
        force=force,
        replace=replace,
        older=older,
        accept_gap=accept_gap,
        dry_run=dry_run,
        wait_seconds=wait_seconds,
    )
    if sample:
        size, start = checked_size(rows, seed)
        options = partial(options, sample_rows=size, sample_seed=start)
    code = tell(run_load(options), as_json=as_json, source=source)
    for remark in remarks:
        note(remark)
    sys.exit(code)


@command.command()
@click.argument("run", type=WholeNumber(1, 2**63 - 1))
@click.option("--yes", is_flag=True, help="Take the load back; without it, only what would change is shown.")
@click.option(
    "--wait", "wait_seconds", type=click.FloatRange(min=0), default=0, callback=_finite, help="Seconds to wait for a running load."
)
@click.option("--json", "as_json", is_flag=True, help="The plan as one JSON object, then the load as another.")
def rollback(run: int, yes: bool, wait_seconds: float, as_json: bool) -> None:
    """Take a load back: its data set gets the rows that it had before load RUN.

    Later loads of the data set are undone as well. This is a load of its own, with change events, exports and an entry in the ledger, and
    can itself be taken back. The file that was taken back is not loaded again until upstream publishes another one; dq etl run --force
    loads it all the same.
    """
    from cli.loading import planned, run_load, tell
    from cli.output import print_json
    from pipeline.options import LoadOptions

    plan = planned(run)
    if as_json:
        print_json(plan)
    else:
        title = DATASETS[plan.dataset].title
        print_facts(
            {
                "loads undone": list(plan.undone),
                "rows that come back": plan.restored,
                "rows that change": plan.changed,
                "rows that go": plan.removed,
            },
            title=f"Taking back load {run} of the {title}",
        )
    if not yes:
        note(f"Nothing was changed. To do it: dq etl rollback {run} --yes")
        sys.exit(2)
    options = partial(
        LoadOptions,
        source="past",
        to_run=plan.to_run,
        datasets=(plan.dataset,),
        trigger="rollback",
        force=True,
        replace=True,
        wait_seconds=wait_seconds,
    )
    sys.exit(tell(run_load(options), as_json=as_json, source="past"))


@command.command()
@click.option("--dataset", "datasets", multiple=True, type=_DATASETS, help="Only this data set; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help=_JSON_LINES)
def fetch(datasets: tuple[str, ...], as_json: bool) -> None:
    """Download the public release files without loading them; unchanged files are not transferred."""
    from cli.loading import fetch_all
    from cli.output import print_json_lines

    fetched = fetch_all(tuple(dict.fromkeys(datasets)))
    if as_json:
        print_json_lines(
            {
                "dataset": dataset,
                "path": str(file.path),
                "url": file.url,
                "new": not file.not_modified,
                "checksum": file.checksum,
                "byte_count": file.byte_count,
                "last_modified": file.last_modified,
            }
            for dataset, file in fetched
        )
        return
    for dataset, file in fetched:
        click.echo(str(file.path))
        note(f"{dataset}: {'nothing new' if file.not_modified else f'{file.byte_count:,} bytes'}, {file.url}")


def _runs() -> Listed[RunParameters]:
    from app.etl_runs.schemas import RunParameters
    from app.etl_runs.service import list_runs

    return RunParameters, list_runs


command.add_command(rows_command("runs", _runs, _RUN_COLUMNS, "List past loads, most recent first; times are in UTC."))


@command.command()
@click.argument("run", type=WholeNumber(1, 2**63 - 1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the same as /api/v1/etl/runs/RUN.")
def show(run: int, as_json: bool) -> None:
    """Show one load: file, counts, duration of each step, and issues."""
    from app.etl_runs.service import run_detail
    from cli.session import ask

    detail = ask(lambda context: run_detail(context, run))
    if as_json:
        echo(detail.model_dump_json())
        return
    about = {name: detail.run[name] for name in ("run_id", "state", "error")}
    print_facts(about | detail.run)  # why it failed comes first
    if detail.timings:
        steps = sorted(detail.timings, key=lambda step: _STEPS.index(step) if step in _STEPS else len(_STEPS))
        print_facts({step: f"{detail.timings[step]:.3f} s" for step in steps}, title="Steps")
    if detail.issues:
        print_table([issue.model_dump() for issue in detail.issues], _ISSUE_COLUMNS, title="Issues", numbers=("season",))
    total = sum(each.number for each in detail.issue_counts)
    if total > len(detail.issues):
        note(f"{len(detail.issues):,} of {total:,} shown; for all of them see /api/v1/quality/issues?run_id={run}")
