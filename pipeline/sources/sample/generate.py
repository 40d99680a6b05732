"""Makes the synthetic league: the files of a release, of any size, the same on every machine for the same (rows, seed)."""

from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

import polars as pl

from app.datasets import DATASETS
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from pipeline.schema import polars_type
from pipeline.sources.sample import combine, figures, league, others, picks
from pipeline.sources.sample.draws import Draws
from pipeline.sources.sample.league import person_keys
from pipeline.sources.sample.players import players
from pipeline.steps.extract import SYNTHETIC_MARKER

FileFormat = Literal["csv", "parquet"]

#: As many rows as the real files together.
DEFAULT_ROWS: Final = 21_895
DEFAULT_SEED: Final = 2026
#: One selection and one combine entry.
MIN_ROWS: Final = 2
#: Beyond this a column of picks or a name list would overflow; a hundred times what any benchmark needs.
MAX_ROWS: Final = 5_000_000
_ROWS_AT_ONCE: Final = 100_000


class SampleSizeError(ValueError):
    """The requested league cannot be generated; the message gives the possible sizes."""


def check_size(rows: int, seed: int) -> None:
    """Check the size of a league.

    Raises:
        SampleSizeError: the number of rows is out of range, or the seed is negative.
    """
    if not MIN_ROWS <= rows <= MAX_ROWS:
        raise SampleSizeError(f"A synthetic league has between {MIN_ROWS} and {MAX_ROWS:,} rows, not {rows:,}.")
    if seed < 0:
        raise SampleSizeError(f"The seed of a synthetic league is 0 or a positive whole number, not {seed}.")


def generate(rows: int = DEFAULT_ROWS, seed: int = DEFAULT_SEED) -> dict[str, pl.DataFrame]:
    """Generate the frames ``draft_picks`` and ``combine`` with the columns and types of the real files and ``rows`` rows in total.

    Raises SampleSizeError for a number of rows out of range or a negative seed.
    """
    selected, entries = _selected(rows, seed)
    return {"draft_picks": _draft_picks(selected, seed), "combine": _combine(selected, entries, seed)}


def generate_dataset(dataset: str, rows: int = DEFAULT_ROWS, seed: int = DEFAULT_SEED) -> pl.DataFrame:
    """Return the file of one data set; players and trades have as many rows as follow from the league."""
    if dataset == "pick_values":
        return _as_source(others.pick_values(), DATASETS[dataset])
    selected, entries = _selected(rows, seed)
    match dataset:
        case "draft_picks":
            return _draft_picks(selected, seed)
        case "combine":
            return _combine(selected, entries, seed)
        case "players":
            return _as_source(others.players(selected, entries, seed), DATASETS[dataset])
        case _:
            return _as_source(others.trades(selected, seed), DATASETS[dataset])


def _selected(rows: int, seed: int) -> tuple[pl.DataFrame, int]:
    """Return every selection with the player, whether he ever played, and his id; and the number of combine entries."""
    check_size(rows, seed)
    entries = max(1, rows * (100 - figures.PICK_SHARE) // 100)
    chosen = league.selections(rows - entries, seed).rename({"size": "size_of_class"})
    return pl.concat([_with_players(part, seed) for part in chosen.iter_slices(_ROWS_AT_ONCE)]), entries


def _with_players(chosen: pl.DataFrame, seed: int) -> pl.DataFrame:
    who = players(chosen["season"], chosen["pick"] * 2, chosen["size_of_class"], seed)
    code = pl.format("Syn{}-{}-{}", pl.lit(seed), "season", pl.col("pick").cast(pl.String).str.zfill(4))
    frame = chosen.hstack(who.drop("season")).with_columns(person_code=code)
    return picks.with_ids(frame, Draws(seed, person_keys(frame["season"], frame["slot"])))


def _draft_picks(selected: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Generate the picks in parts, because unfinished careers have many wide columns; draws do not depend on the parts."""
    return pl.concat([_as_source(picks.with_careers(part, seed), DRAFT_PICKS) for part in selected.iter_slices(_ROWS_AT_ONCE)])


def _combine(selected: pl.DataFrame, entries: int, seed: int) -> pl.DataFrame:
    parts = []
    for part in combine.invited(selected, entries, seed).iter_slices(_ROWS_AT_ONCE):
        measured = combine.with_measurements(part, seed)
        parts.append(_as_source(combine.source_columns(measured, Draws(seed, person_keys(part["season"], part["slot"]))), COMBINE))
    return pl.concat(parts)


def _as_source(frame: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Return the columns in the source's order and types; those that the made-up league does not have are empty."""
    frame = frame.rename({"name": "pfr_player_name"}) if "name" in frame.columns and dataset is DRAFT_PICKS else frame
    return frame.select(
        pl.col(column.name).cast(polars_type(column))
        if column.name in frame.columns
        else pl.lit(None, dtype=polars_type(column)).alias(column.name)
        for column in dataset.fields
    )


def write(
    directory: Path,
    rows: int = DEFAULT_ROWS,
    seed: int = DEFAULT_SEED,
    file_format: FileFormat = "parquet",
    datasets: Collection[str] = tuple(DATASETS),
) -> list[Path]:
    """Write the files into ``directory`` (made when missing), as a release would name them; return their paths.

    A marker next to them says that they are made up, so that they are never loaded as real data.
    """
    check_size(rows, seed)
    directory.mkdir(parents=True, exist_ok=True)
    stems = [DATASETS[name].file_stem for name in datasets]
    made = f"A synthetic league of {rows:,} rows, seed {seed}: made-up names and numbers in {', '.join(stems)}.\n"
    (directory / SYNTHETIC_MARKER).write_text(made)
    written = []
    for dataset, stem in zip(datasets, stems, strict=True):
        frame = generate_dataset(dataset, rows, seed)
        path = directory / f"{stem}.{file_format}"
        if file_format == "csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path, compression="zstd")
        written.append(path)
    return written
