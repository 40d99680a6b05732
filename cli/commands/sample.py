"""``dq sample``: the synthetic league as files."""

from pathlib import Path

import click

from cli.output import note, print_json


@click.group(name="sample")
def command() -> None:
    """Generate the synthetic league: made-up players with realistic numbers."""


@command.command()
@click.option("--rows", type=int, default=None, help="Draft picks and combine entries in total. [default: as many as in the real data]")
@click.option("--seed", type=int, default=None, help="Random seed of the league. [default: 2026]")
@click.option("--out", "directory", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--format", "file_format", type=click.Choice(["csv", "parquet"]), default="parquet", show_default=True, help="File format.")
@click.option("--json", "as_json", is_flag=True, help="The paths as one JSON array.")
def generate(rows: int | None, seed: int | None, directory: Path, file_format: str, as_json: bool) -> None:
    """Write the files of a synthetic league, as a release would name them.

    The same rows and seed make the same league on every machine. Load it: dq etl run --from DIR
    """
    from pipeline.sources.sample import generate as sample

    try:
        paths = sample.write(
            directory,
            sample.DEFAULT_ROWS if rows is None else rows,
            sample.DEFAULT_SEED if seed is None else seed,
            "csv" if file_format == "csv" else "parquet",
        )
    except sample.SampleSizeError as error:
        raise click.UsageError(str(error)) from None
    except (FileExistsError, NotADirectoryError):
        raise click.UsageError(f"--out: {directory} is not a folder and cannot be created.") from None
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        click.echo(str(path))
    note(f"Load them: dq etl run --from {directory}")
