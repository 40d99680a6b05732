"""Finds the files that the pipeline wrote; those of the past are made on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.datasets import DATASETS, JOINED
from app.datasets.person_ids import ONLY_TODAY
from app.errors import InvalidParameter, NotFound
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

if TYPE_CHECKING:
    from pathlib import Path

    from app.context import ServiceContext
    from app.context.dataset_state import DatasetVersion

EXPORTED = {**DATASETS, **JOINED}
MEDIA_TYPES = {"parquet": STREAMED["parquet"], "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Export:
    """A file to send: where it lies, what it is called outside, and the tag of its content."""

    path: Path
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
        if any(file_path(folder, dataset, form, noted).is_file() for form in MEDIA_TYPES):
            return noted
    # a release that writes no note calls its files by the version of the data set, and removes those with other numbers
    return Version(version.versions.get(dataset, 0), version.rows.get(dataset, 0), version.synthetic, current=False)


def file_path(folder: Path, dataset: str, form: str, version: Version) -> Path:
    """Return the path of a version's file, as the pipeline writes it."""
    return folder / f"{dataset}-v{version.number}.{form}"


async def list_exports(context: ServiceContext, folder: Path, base_url: str) -> ExportList:
    """List every file, each with its URL below ``base_url``.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    version = await context.version()
    items = []
    for dataset in EXPORTED:
        of = served(folder, dataset, version)
        for form in MEDIA_TYPES:
            path = file_path(folder, dataset, form, of)
            if path.is_file():
                href = f"{base_url}/{dataset}.{form}"
                items.append(
                    ExportFile(
                        dataset=dataset,
                        format=form,
                        href=href,
                        bytes=path.stat().st_size,
                        version=of.number,
                        rows=of.rows,
                        current=of.current,
                    )
                )
    return ExportList(items=items, total=len(items), dataset_version=version.tag, synthetic=version.synthetic)


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
        InvalidParameter: no list has these rows, or the past is not known.
        DatabaseUnavailable: the database did not respond.
    """
    dataset, form = _parts(name)
    declared = EXPORTED[dataset]
    if dataset not in LISTINGS:
        raise InvalidParameter("as_of", ONLY_TODAY, as_of)
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
    """
    dataset, form = _parts(name)
    version = await context.version()
    of = served(folder, dataset, version)
    path = file_path(folder, dataset, form, of)
    if not path.is_file():
        raise NotFound(f"The export of {dataset} has not been written yet; the next load writes it.")
    written = f"{dataset}-v{of.number}-{form}-{path.stat().st_mtime_ns:x}"
    return Export(path, f"{'synthetic-' if of.synthetic else ''}{dataset}.{form}", f'"{written}-{release}"', of.current)
