"""Export: the whole data set as Parquet and CSV files, written by the load so that the API only has to hand them out."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from pipeline.sources.schema import SourceSchema
from pipeline.steps.normalise import OurNames

#: Versions of an export that stay on disk: the current one and the one a slow download may still be reading.
KEPT_VERSIONS = 2

#: Rows of a CSV file that are written at once.
CSV_PIECE = 65_536

ADDED_COLUMNS = ("person_id", "franchise", "position_leaf", "position_group", "position_side", "college_name", "college_slug")


def export_path(directory: Path, dataset: str, version: int, file_format: str) -> Path:
    """Where the export of a version lies."""
    return directory / f"{dataset}-v{version}.{file_format}"


def exports_exist(directory: Path, dataset: str, version: int) -> bool:
    """Whether both files of a version are there."""
    return all(export_path(directory, dataset, version, kind).exists() for kind in ("parquet", "csv"))


def write_exports(directory: Path, frame: pl.DataFrame, schema: SourceSchema, version: int, names: OurNames) -> None:
    """Write both files under their final names, each complete or not at all. Raises ``OSError`` when the disk is full."""
    directory.mkdir(parents=True, exist_ok=True)
    public = _public(frame, schema, names)
    for kind in ("parquet", "csv"):
        target = export_path(directory, schema.dataset, version, kind)
        partial = target.with_suffix(f".{kind}.{os.getpid()}.part")
        try:
            if kind == "parquet":
                # by way of a lazy frame polars encodes piece by piece instead of everything at once
                public.lazy().sink_parquet(partial, compression="zstd", compression_level=1, statistics=False)
            else:
                _write_csv(partial, public)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _public(frame: pl.DataFrame, schema: SourceSchema, names: OurNames) -> pl.DataFrame:
    """The columns that are handed out, with codes written out."""
    described = names.describe(frame)
    return described.select(*schema.column_names, *(name for name in ("height_in", *ADDED_COLUMNS) if name in described.columns))


def _write_csv(path: Path, public: pl.DataFrame) -> None:
    """In pieces, so that the text of all rows is never in memory at once."""
    with path.open("wb") as stream:
        for offset in range(0, max(1, len(public)), CSV_PIECE):
            public.slice(offset, CSV_PIECE).write_csv(stream, include_header=offset == 0)


def remove_old_exports(directory: Path, dataset: str, version: int) -> None:
    """Delete exports of versions that nobody should still be reading, and of loads that did not commit."""
    for path in directory.glob(f"{dataset}-v*"):
        number = path.name.removeprefix(f"{dataset}-v").split(".")[0]
        if not number.isdigit() or not version - KEPT_VERSIONS < int(number) <= version:
            path.unlink(missing_ok=True)
