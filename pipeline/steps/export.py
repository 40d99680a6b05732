"""Exports: every data set as a Parquet and a CSV file with the rows and fields of its list.

All of them are written from the database after the last load of a run, or a decision about people, if a data set that the list shows has
another version: PostgreSQL writes the CSV file by COPY of the statement that streams the
list, and polars makes the Parquet file of it.

The one exception saves time: a load whose rows are all new, and whose list shows no other data set, has them in memory in the form of the
list and writes them itself while PostgreSQL takes the rows. For 200,000 rows that needs 0.35 s of a processor, COPY of the list and the
Parquet file 1.45 s, where COPY of the source files needs 0.46 s: by these figures, a million rows would be loaded at a quarter of the speed
of COPY instead of more than a third.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import asyncpg
import msgspec
import polars as pl
import polars.selectors as cs
from polars.io.plugins import register_io_source

from app.datasets import DATASETS, JOINED
from app.datasets.model import Dataset
from app.db.contents import contents_of
from app.db.statements import Statement
from app.exports.notes import ExportNote, made_from, read_note, write_note
from pipeline.schema import polars_type

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


@dataclass(frozen=True, slots=True)
class Written:
    """The files that a load has written: their number, and the version of the data set that they have."""

    number: int
    version: int


def export_path(directory: Path, dataset: str, number: int, file_format: str) -> Path:
    """Return the path of a version's export."""
    return directory / f"{dataset}-v{number}.{file_format}"


def next_number(directory: Path, dataset: str, version: int) -> int:
    """Return the number of the next files of a data set: its version, unless files with that number have been written."""
    note = read_note(directory, dataset)
    return max(note.version + 1 if note else 1, version)


async def outdated_exports(connection: asyncpg.Connection, directory: Path) -> dict[str, ExportNote]:
    """Return the exports whose files are not those of the data in the database, as they will be, without the number of rows."""
    rows = await connection.fetch("select dataset, version, row_count, synthetic, updated_at from dataset")
    contents, loaded = contents_of(rows), {str(row["dataset"]): row for row in rows}
    found = {}
    for name, dataset in {**DATASETS, **JOINED}.items():
        content, note = made_from(dataset, contents), read_note(directory, name)
        if content is None:
            continue
        if note is None or note.made_from != content or not _exist(directory, name, note.version):
            number = next_number(directory, name, loaded[name]["version"] if name in loaded else 0)
            synthetic = any(loaded[each]["synthetic"] for each in dataset.reads if each in contents)
            found[name] = ExportNote(number, 0, synthetic, content)
    return found


async def write_exports(
    connection: asyncpg.Connection, directory: Path, outdated: Mapping[str, ExportNote], written: Mapping[str, Written]
) -> None:
    """Write these exports. Keep the files in ``written`` that are current.

    Raises:
        OSError, polars.exceptions.ComputeError: the disk is full, or the folder cannot be written.
    """
    for name, note in outdated.items():
        loaded = await connection.fetchrow("select version, row_count from dataset where dataset = $1", name)
        files = written.get(name)
        if files is not None and loaded is not None and files.version == loaded["version"]:
            number, rows = files.number, loaded["row_count"]
        else:
            number, rows = note.version, await _write_list(connection, directory, name, note.version)
        write_note(directory, name, msgspec.structs.replace(note, version=number, rows=rows))
        _remove_others(directory, name, number)


async def _write_list(connection: asyncpg.Connection, directory: Path, name: str, number: int) -> int:
    """Write both files from the statement of the list, and return the number of rows."""
    statement = _statement(name)
    with _complete_or_not_at_all(directory, name, number, "csv") as partial:
        status = await connection.copy_from_query(statement.sql, *statement.arguments({}), output=partial, format="csv", header=True)
    job = asyncio.ensure_future(asyncio.to_thread(_to_parquet, directory, {**DATASETS, **JOINED}[name], number))
    try:
        await asyncio.shield(job)
    finally:  # the thread of a load that is stopped would go on writing
        await asyncio.wait([job])
    return int(status.removeprefix("COPY "))


def _statement(name: str) -> Statement:
    """Return the statement of all rows, which is that of the stream of the list."""
    # a load that changes nothing needs none of the API's packages
    from app.identity.queries import IDS_BY_PERSON
    from app.listing.parsing import SortKey
    from app.listing.select import Shape, csv_statement
    from app.records.queries import LISTINGS

    listing = {**LISTINGS, IDS_BY_PERSON.name: IDS_BY_PERSON}[name]
    order = tuple(SortKey(each) for each in listing.tie_break)
    return csv_statement(listing, Shape(listing.export_fields, frozenset(), order), escape_formulas=False)


def _to_parquet(directory: Path, dataset: Dataset, number: int) -> None:
    """Write the Parquet file of a version from its CSV file, in constant memory."""
    schema = {name: polars_type(field) for name, field in dataset.listed.items()}
    rows = pl.scan_csv(export_path(directory, dataset.name, number, "csv"), schema=schema)
    with _complete_or_not_at_all(directory, dataset.name, number, "parquet") as partial:
        rows.sink_parquet(partial, compression="zstd", compression_level=1, statistics=False, row_group_size=ROW_GROUP)


def public_columns(frame: pl.DataFrame, dataset: Dataset, describe: Describe | None) -> pl.DataFrame:
    """Return the published columns, the fields of the data set's list, with codes written out."""
    # what another table has was added under the name of the field; a plain origin is another column of the row
    origins = {name: field.origin for name, field in dataset.listed.items() if field.origin and "." not in field.origin}
    rows = describe(frame) if describe is not None else frame
    return rows.select(pl.col(origins.get(name, name)).alias(name) for name in dataset.listed)


def write_csv(directory: Path, public: pl.DataFrame, dataset: str, number: int) -> None:
    """Write the CSV file of a version in pieces, so that the text of all rows is never in memory at once.

    Raises:
        OSError: the disk is full.
    """
    with _complete_or_not_at_all(directory, dataset, number, "csv") as partial, partial.open("wb") as stream:
        for offset in range(0, max(1, len(public)), PIECE):
            piece = public.slice(offset, PIECE).with_columns(cs.float().cast(pl.String).str.strip_suffix(".0"))  # 4 as PostgreSQL, not 4.0
            piece.write_csv(stream, include_header=offset == 0, batch_size=PIECE)


def write_parquet(directory: Path, public: pl.DataFrame, dataset: str, number: int, hurry: Event) -> None:
    """Write the Parquet file of a version, at half speed until ``hurry`` is set.

    Written in one go, a frame would use all threads until the end, and everything else would wait for a quarter of a second.

    Raises:
        polars.exceptions.ComputeError: the disk is full.
    """

    def pieces(_columns: object, _predicate: object, _rows: object, _size: object) -> Iterator[pl.DataFrame]:
        for offset in range(0, max(1, len(public)), PIECE):
            yield public.slice(offset, PIECE)
            hurry.wait(PAUSE_SECONDS)

    with _complete_or_not_at_all(directory, dataset, number, "parquet") as partial:
        register_io_source(pieces, schema=public.schema).sink_parquet(
            partial, compression="zstd", compression_level=1, statistics=False, row_group_size=ROW_GROUP
        )


def _exist(directory: Path, dataset: str, number: int) -> bool:
    return all(export_path(directory, dataset, number, kind).exists() for kind in ("parquet", "csv"))


@contextmanager
def _complete_or_not_at_all(directory: Path, dataset: str, number: int, kind: str) -> Iterator[Path]:
    """Yield a temporary path, which is renamed to the final one if the block succeeds."""
    directory.mkdir(parents=True, exist_ok=True)
    target = export_path(directory, dataset, number, kind)
    partial = target.with_suffix(f".{kind}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _remove_others(directory: Path, dataset: str, number: int) -> None:
    """Delete exports of old versions, and of loads that did not commit or were killed while writing."""
    for path in directory.glob(f"{dataset}-v*"):
        found = path.name.removeprefix(f"{dataset}-v").split(".")[0]
        # no other load is writing: they run one at a time
        if path.suffix == ".part" or not found.isdigit() or not number - KEPT_VERSIONS < int(found) <= number:
            path.unlink(missing_ok=True)
