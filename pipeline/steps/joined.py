"""The exports that are made of several data sets: written from the database, once all loads of a run have committed."""

import asyncio
import hashlib
from pathlib import Path

import asyncpg
import polars as pl

from app.datasets import JOINED
from app.datasets.model import Dataset
from app.db.statements import Statement
from app.exports.joined import JoinedExport, read_note, write_note
from pipeline.schema import columns_checksum, polars_type
from pipeline.steps.export import ROW_GROUP, complete_or_not_at_all, export_path, exports_exist, remove_old_exports

#: What is in the database of the data sets that an export is made of, as text. Versions begin again in another database.
_MADE_FROM = """
    select string_agg(concat_ws(':', dataset, version), ',' order by dataset) || (select concat(',', min(started_at)) from load_run),
        bool_or(synthetic)
    from dataset where dataset = any($1) and row_count > 0
"""


async def outdated_exports(connection: asyncpg.Connection, directory: Path) -> dict[str, JoinedExport]:
    """Return the exports that are not those of the data in the database, as they will be, without their number of rows."""
    found = {}
    for name, dataset in JOINED.items():
        [(made_from, synthetic)] = await connection.fetch(_MADE_FROM, list(dataset.made_of))
        if made_from is None:
            continue
        content = hashlib.sha256(f"{made_from},{columns_checksum(dataset)}".encode()).hexdigest()
        note = read_note(directory, name)
        if note is None or note.made_from != content or not exports_exist(directory, name, note.version):
            found[name] = JoinedExport(note.version + 1 if note else 1, 0, synthetic, content)
    return found


async def write_joined(connection: asyncpg.Connection, directory: Path, outdated: dict[str, JoinedExport]) -> None:
    """Write these exports; no load may be running.

    Raises:
        OSError, polars.exceptions.ComputeError: the disk is full, or the folder cannot be written.
    """
    for name, note in outdated.items():
        dataset, statement = JOINED[name], _statement(name)
        with complete_or_not_at_all(directory, name, note.version, "csv") as partial:
            status = await connection.copy_from_query(statement.sql, *statement.arguments({}), output=partial, format="csv", header=True)
        await asyncio.to_thread(_write_parquet, directory, dataset, note.version)
        rows = int(status.removeprefix("COPY "))
        write_note(directory, name, JoinedExport(note.version, rows, note.synthetic, note.made_from))
        remove_old_exports(directory, name, note.version)


def _statement(name: str) -> Statement:
    """Return the statement of all rows, which is that of the stream of the list."""
    # a load that changes nothing needs none of the API's packages
    from app.identity.queries import IDS_BY_PERSON
    from app.listing.parsing import SortKey
    from app.listing.select import Shape, csv_statement
    from app.prospects.queries import LISTING

    listing = {each.name: each for each in (LISTING, IDS_BY_PERSON)}[name]
    order = tuple(SortKey(each) for each in listing.tie_break)
    return csv_statement(listing, Shape(listing.export_fields, frozenset(), order), escape_formulas=False)


def _write_parquet(directory: Path, dataset: Dataset, version: int) -> None:
    """Write the Parquet file of a version from its CSV file, in constant memory."""
    schema = {name: polars_type(field) for name, field in dataset.listed.items()}
    rows = pl.scan_csv(export_path(directory, dataset.name, version, "csv"), schema=schema)
    with complete_or_not_at_all(directory, dataset.name, version, "parquet") as partial:
        rows.sink_parquet(partial, compression="zstd", compression_level=1, statistics=False, row_group_size=ROW_GROUP)
