"""Finds the files that the pipeline wrote; those of the past are made on request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from stat import S_ISREG

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.datasets import DATASETS, JOINED
from app.errors import DraftQueenError, InvalidParameter, NotFound
from app.errors.wording import did_you_mean
from app.exports.notes import made_from, read_note
from app.exports.schemas import ExportFile, ExportList
from app.listing.parameters import PastParameters
from app.listing.parsing import SortKey
from app.listing.query import query_list
from app.listing.select import Shape, csv_statement, json_statement
from app.listing.stream import MEDIA_TYPES as STREAMED
from app.listing.stream import StreamedRows
from app.records.queries import LISTINGS

EXPORTED = {**DATASETS, **JOINED}
MEDIA_TYPES = {"parquet": STREAMED["parquet"], "csv": "text/csv; charset=utf-8"}


class ExportsUnreadable(DraftQueenError):
    """The folder of the exports, or a file in it, exists and cannot be read."""

    status = 503
    resource = "exports"


@contextmanager
def readable(folder: PurePath) -> Iterator[None]:
    """Turn errors of the file system into ``ExportsUnreadable``."""
    try:
        yield
    except OSError as error:
        raise ExportsUnreadable("The export files cannot be read.", f"Make {folder} readable, or set EXPORTS_DIR.") from error


@dataclass(frozen=True, slots=True)
class Export:
    """A file to send: where it lies, its state, what it is called outside, and the tag of its content."""

    path: Path
    status: os.stat_result
    name: str
    etag: str
    current: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What is served of one data set."""

    number: int
    rows: int
    synthetic: bool
    current: bool


def served(folder: Path, dataset: str, version: DatasetVersion) -> Version:
    """Return the version of a data set whose files are served: the last one that is complete, which may not be the one being served."""
    content = made_from(EXPORTED[dataset], version.contents)
    if content is None:  # the folder may still have the files of rows that were removed, or of another database
        return Version(0, 0, version.synthetic, current=False)
    note = read_note(folder, dataset)
    if note is not None:
        noted = Version(note.version, note.rows, note.synthetic, note.made_from == content)
        if any(file_status(file_path(folder, dataset, form, noted)) for form in MEDIA_TYPES):
            return noted
    # a release that writes no note calls its files by the version of the data set, and removes those with other numbers
    return Version(version.versions.get(dataset, 0), version.rows.get(dataset, 0), version.synthetic, current=False)


def file_path(folder: Path, dataset: str, form: str, version: Version) -> Path:
    """Return the path of a version's file, as the pipeline writes it."""
    return folder / f"{dataset}-v{version.number}.{form}"


def file_status(path: Path) -> os.stat_result | None:
    """Return size and time of a file, or None if there is none."""
    with suppress(FileNotFoundError):
        status = path.stat()
        return status if S_ISREG(status.st_mode) else None
    return None


async def list_exports(context: ServiceContext, folder: Path, base_url: str) -> ExportList:
    """List every file, each with its URL below ``base_url``.

    Raises:
        DatabaseUnavailable: the database did not respond.
        ExportsUnreadable: the folder or a note in it cannot be read.
    """
    version = await context.version()
    with readable(folder):
        items = [each for dataset in EXPORTED for each in _files(folder, dataset, version, base_url)]
    return ExportList(items=items, total=len(items), dataset_version=version.tag, synthetic=version.synthetic)


def _files(folder: Path, dataset: str, version: DatasetVersion, base_url: str) -> Iterator[ExportFile]:
    """List the files of a data set."""
    of = served(folder, dataset, version)
    for form in MEDIA_TYPES:
        status = file_status(file_path(folder, dataset, form, of))
        if status is not None:
            yield ExportFile(
                dataset=dataset,
                format=form,
                href=f"{base_url}/{dataset}.{form}",
                bytes=status.st_size,
                version=of.number,
                rows=of.rows,
                current=of.current,
            )


def _parts(name: str) -> tuple[str, str]:
    """Return data set and format of ``<dataset>.<format>``.

    Raises:
        NotFound: no such dataset or format.
    """
    stem, _, form = name.partition(".")
    dataset = stem.replace("-", "_")
    if dataset not in EXPORTED or form not in MEDIA_TYPES:
        known = [f"{each}.{extension}" for each in EXPORTED for extension in MEDIA_TYPES]
        hint = did_you_mean(name.replace("-", "_"), known)
        raise NotFound(f"No such export. {hint}Available exports: {', '.join(known)}.")
    return dataset, form


async def export_as_of(context: ServiceContext, name: str, as_of: str) -> StreamedRows:
    """Return the stream of the rows of ``<dataset>.<format>`` as of a load or a day: those of its list, with the columns of the file.

    Raises:
        NotFound: no such dataset or format.
        InvalidParameter: the past of this data set is not kept, or not known at this load or day.
        DatabaseUnavailable: the database did not respond.
    """
    dataset, form = _parts(name)
    declared = EXPORTED[dataset]
    if declared.only_today:
        raise InvalidParameter("as_of", declared.only_today, as_of)
    query = await query_list(context, declared, LISTINGS[dataset], PastParameters(as_of=as_of))
    order = tuple(SortKey(each) for each in query.listing.tie_break)
    shape = Shape(query.listing.export_fields, frozenset(query.filters), order)
    name = query.version.file_name(f"{query.listing.name}.{form}")
    if form == "csv":
        statement = csv_statement(query.listing, shape, escape_formulas=False)
        return StreamedRows(context.database, statement, query.filters, "csv", name)
    columns = {field: declared.listed[field].kind for field in query.listing.export_fields}
    return StreamedRows(context.database, json_statement(query.listing, shape), query.filters, "parquet", name, columns)


async def find_export(context: ServiceContext, folder: Path, name: str, release: str) -> Export:
    """Find the file called ``<dataset>.<format>``. Its tag carries the release, which decides on names and headers.

    Raises:
        NotFound: no such dataset or format, or the pipeline has not written it.
        DatabaseUnavailable: the database did not respond.
        ExportsUnreadable: the folder, a note in it or the file cannot be read.
    """
    dataset, form = _parts(name)
    version = await context.version()
    with readable(folder):
        of = served(folder, dataset, version)
        path = file_path(folder, dataset, form, of)
        status = file_status(path)
        if status is not None:
            with path.open("rb"):  # the response has begun when it opens the file, too late for a 503
                pass
    if status is None:
        raise NotFound(f"The export of {dataset} has not been written yet; the next load writes it.")
    written = f"{dataset}-v{of.number}-{form}-{status.st_mtime_ns:x}"
    return Export(path, status, f"{'synthetic-' if of.synthetic else ''}{dataset}.{form}", f'"{written}-{release}"', of.current)
