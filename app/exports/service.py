"""Finds the files that the pipeline wrote for the version being served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.datasets import DATASETS, JOINED
from app.errors import InvalidParameter, NotFound
from app.exports.joined import read_note
from app.exports.schemas import ExportFile, ExportList

if TYPE_CHECKING:
    from pathlib import Path

    from app.context import ServiceContext
    from app.context.dataset_state import DatasetVersion

EXPORTED = {**DATASETS, **JOINED}
MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Export:
    """A file to send: where it lies, what it is called outside, and the tag of its content."""

    path: Path
    name: str
    etag: str


@dataclass(frozen=True, slots=True)
class Version:
    """What is served of one data set."""

    number: int
    rows: int
    synthetic: bool


def served(folder: Path, dataset: str, version: DatasetVersion) -> Version:
    """Return the version of a data set whose files are served; one that is made of others has its own."""
    if dataset in JOINED:
        # the folder may still have the files of another database
        note = read_note(folder, dataset) if any(version.rows.get(each) for each in JOINED[dataset].made_of) else None
        return Version(note.version, note.rows, note.synthetic) if note else Version(0, 0, version.synthetic)
    return Version(version.versions.get(dataset, 0), version.rows.get(dataset, 0), version.synthetic)


def file_path(folder: Path, dataset: str, form: str, version: Version) -> Path:
    """Return the path of a version's file, as the pipeline writes it."""
    return folder / f"{dataset}-v{version.number}.{form}"


async def list_exports(context: ServiceContext, folder: Path, base_url: str) -> ExportList:
    """List every file of the version being served, each with its URL below ``base_url``.

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
        choices = ", ".join(f"{each}.{extension}" for each in EXPORTED for extension in MEDIA_TYPES)
        raise NotFound(f"No such export. Available exports: {choices}.")
    return dataset, form


def list_path(name: str) -> str:
    """Return the path of the list that has the past of the export called ``<dataset>.csv``.

    Raises:
        NotFound: no such dataset or format.
        InvalidParameter: not CSV, or no list has these rows.
    """
    dataset, form = _parts(name)
    path = EXPORTED[dataset].path
    if not EXPORTED[dataset].filters:
        raise InvalidParameter("as_of", f"The {EXPORTED[dataset].title} are those of today; omit as_of.")
    if form != "csv":
        raise InvalidParameter("as_of", f"Only the current data are there as {form}; request {path}.csv as of then.")
    return path


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
    return Export(path, f"{'synthetic-' if of.synthetic else ''}{dataset}.{form}", f'"{written}-{release}"')
