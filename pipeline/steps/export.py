"""Export: the whole data set as Parquet and CSV files, written by the load so that the API only has to hand them out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import polars as pl
from polars.io.plugins import register_io_source

from app.datasets.model import Dataset

#: Rows with our keys → rows with the columns of the exports, codes written out.
Describe = Callable[[pl.DataFrame], pl.DataFrame]

#: Versions of an export that stay on disk: the current one and the one a slow download may still be reading.
KEPT_VERSIONS = 2

#: Rows that are written at once. PostgreSQL takes the same rows meanwhile, and what it is sent comes out of the same threads: they are to
#: be free again soon. A CSV piece is written by one thread, so that PostgreSQL has the other processor.
PIECE = 16_384
#: Seconds between two pieces of a Parquet file while PostgreSQL takes the same rows: about as long as a piece takes.
PAUSE_SECONDS = 0.01
#: Rows of a row group in a Parquet file: what a reader takes in at once.
ROW_GROUP = 65_536


def export_path(directory: Path, dataset: str, version: int, file_format: str) -> Path:
    """Return the path of a version's export."""
    return directory / f"{dataset}-v{version}.{file_format}"


def exports_exist(directory: Path, dataset: str, version: int) -> bool:
    """Check that both files of a version exist."""
    return all(export_path(directory, dataset, version, kind).exists() for kind in ("parquet", "csv"))


def public_columns(frame: pl.DataFrame, dataset: Dataset, describe: Describe) -> pl.DataFrame:
    """Return the published columns, the fields of the data set's list, with codes written out."""
    # what another table has was added under the name of the field; a plain origin is another column of the row
    origins = {name: field.origin for name, field in dataset.listed.items() if field.origin and "." not in field.origin}
    return describe(frame).select(pl.col(origins.get(name, name)).alias(name) for name in dataset.listed)


def write_csv(directory: Path, public: pl.DataFrame, dataset: str, version: int) -> None:
    """Write the CSV file of a version in pieces, so that the text of all rows is never in memory at once.

    Raises:
        OSError: the disk is full.
    """
    with complete_or_not_at_all(directory, dataset, version, "csv") as partial, partial.open("wb") as stream:
        for offset in range(0, max(1, len(public)), PIECE):
            public.slice(offset, PIECE).write_csv(stream, include_header=offset == 0, batch_size=PIECE)


def write_parquet(directory: Path, public: pl.DataFrame, dataset: str, version: int, hurry: Event) -> None:
    """Write the Parquet file of a version, at half speed until ``hurry`` is set.

    Written in one go, a frame would use all threads until the end, and everything else would wait for a quarter of a second.

    Raises:
        polars.exceptions.ComputeError: the disk is full.
    """

    def pieces(_columns: object, _predicate: object, _rows: object, _size: object) -> Iterator[pl.DataFrame]:
        for offset in range(0, max(1, len(public)), PIECE):
            yield public.slice(offset, PIECE)
            hurry.wait(PAUSE_SECONDS)

    with complete_or_not_at_all(directory, dataset, version, "parquet") as partial:
        register_io_source(pieces, schema=public.schema).sink_parquet(
            partial, compression="zstd", compression_level=1, statistics=False, row_group_size=ROW_GROUP
        )


@contextmanager
def complete_or_not_at_all(directory: Path, dataset: str, version: int, kind: str) -> Iterator[Path]:
    """Yield a temporary path, which is renamed to the final one if the block succeeds."""
    directory.mkdir(parents=True, exist_ok=True)
    target = export_path(directory, dataset, version, kind)
    partial = target.with_suffix(f".{kind}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def remove_old_exports(directory: Path, dataset: str, version: int) -> None:
    """Delete exports of old versions, and of loads that did not commit or were killed while writing."""
    for path in directory.glob(f"{dataset}-v*"):
        number = path.name.removeprefix(f"{dataset}-v").split(".")[0]
        # no other load is writing: they run one at a time
        if path.suffix == ".part" or not number.isdigit() or not version - KEPT_VERSIONS < int(number) <= version:
            path.unlink(missing_ok=True)
