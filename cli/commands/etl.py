"""``dq etl``: loads, and the ledger of past ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.options import SourceKind

_DATASETS = click.Choice(["draft_picks", "combine"])
_JSON_LINES = "JSON Lines: one object per data set."


@click.group(name="etl")
def command() -> None:
    """Load draft data, and look at past loads."""


@command.command()
@click.option(
    "--from",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load the files in this folder (draft_picks and combine as .csv or .parquet; a date in the name is accepted).",
)
@click.option("--sample", is_flag=True, help="Load a synthetic league: made-up names, realistic numbers.")
@click.option("--rows", type=int, help="Rows of the synthetic league.")
@click.option("--seed", type=int, help="Seed of the synthetic league.")
@click.option("--dataset", "datasets", multiple=True, type=_DATASETS, help="Only this data set; may be given twice.")
@click.option("--replace", is_flag=True, help="Apply a load that would be held for review; let a synthetic league replace real data.")
@click.option("--json", "as_json", is_flag=True, help=_JSON_LINES)
def run(
    directory: Path | None,
    sample: bool,
    rows: int | None,
    seed: int | None,
    datasets: tuple[str, ...],
    replace: bool,
    as_json: bool,
) -> None:
    """Load draft picks and combine results.

    Without --from or --sample the public release files are fetched. A load replaces all rows or none; one that fails leaves the last good
    data served. Exit code 1 when a data set could not be loaded.
    """
    if directory is not None and sample:
        raise click.UsageError("--from and --sample exclude each other.")
    if not sample and (rows is not None or seed is not None):
        raise click.UsageError("--rows and --seed describe a synthetic league: add --sample.")
    from cli.loading import run_load, tell

    source: SourceKind = "files" if directory is not None else "sample" if sample else "web"
    reports = run_load(source, directory, rows, seed, tuple(dict.fromkeys(datasets)), replace=replace)
    sys.exit(tell(reports, as_json=as_json, source=source))


@command.command()
@click.option("--dataset", "datasets", multiple=True, type=_DATASETS, help="Only this data set; may be given twice.")
@click.option("--json", "as_json", is_flag=True, help=_JSON_LINES)
def fetch(datasets: tuple[str, ...], as_json: bool) -> None:
    """Download the public release files without loading them; only what is new is transferred."""
    from cli.loading import fetch_all
    from cli.output import note, print_json_lines

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
