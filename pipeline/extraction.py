"""The sources of a load: a folder of files, the public release, or the synthetic league."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import polars as pl

from app.datasets import DATASETS, LEAGUE, kept_current
from app.datasets.model import Dataset
from pipeline.issues import IssueLog
from pipeline.options import LoadOptions
from pipeline.steps.check_schema import check_columns
from pipeline.steps.decode import decode, source_columns
from pipeline.steps.extract import SYNTHETIC_MARKER, SourceFile, date_in_name, describe_file, find_files, has_file, unpacked

#: Part of a synthetic league's checksum: change it when the generator makes other rows from the same seed.
GENERATOR_VERSION = 1


@dataclass(frozen=True, slots=True)
class Extracted:
    """A data set that was found; its checksum is known before its rows are read."""

    location: str
    file_format: str
    checksum: str
    byte_count: int | None
    synthetic: bool
    file: SourceFile | None
    #: Rows and seed of a synthetic league, which has no file.
    league: tuple[int, int] = (0, 0)
    #: When upstream published the file, as far as it says so.
    published_at: datetime | None = None
    #: Other files of the data set in the folder, which are not read.
    passed_over: tuple[Path, ...] = ()

    #: The rows, when they do not come from a file.
    rows: pl.DataFrame | None = None

    def decode(self, dataset: Dataset, issues: IssueLog) -> pl.DataFrame:
        """Return the rows, with the types of the schema.

        Raises:
            SourceInvalid: the file is not usable.
        """
        if self.rows is not None:
            return self.rows
        if self.file is not None:
            with unpacked(self.file) as file:
                check_columns(source_columns(file), dataset, issues)
                return decode(file, dataset, issues)
        from pipeline.sources.sample.generate import generate_dataset

        rows, seed = self.league
        return generate_dataset(dataset.name, rows, seed)


def offered(options: LoadOptions, loaded: Collection[str]) -> tuple[str, ...]:
    """List the data sets of the source: expected ones, others whose file is in the folder, and released ones that were ``loaded`` once."""
    if options.source == "sample":
        return tuple(DATASETS)
    if options.source == "web":
        return kept_current(loaded)
    found = in_folder(options.directory or Path())
    return tuple(name for name, dataset in DATASETS.items() if dataset.expected or name in found)


def in_folder(directory: Path) -> tuple[str, ...]:
    """List the data sets whose file is in the folder."""
    return tuple(name for name, dataset in DATASETS.items() if has_file(directory, dataset))


async def extract(options: LoadOptions, dataset: Dataset) -> Extracted:
    """Find the data set that ``options`` speak of. Raises ``SourceUnavailable`` or ``SourceInvalid``."""
    if options.source == "sample":
        return _league(options)
    if options.source == "web":
        return await _download(options, dataset)
    directory = options.directory or Path()
    first, *others = await asyncio.to_thread(find_files, directory, dataset)
    return replace(_of_file(await asyncio.to_thread(describe_file, first), dataset), passed_over=tuple(others))


def _league(options: LoadOptions) -> Extracted:
    name = f"synthetic league of {options.sample_rows} rows, seed {options.sample_seed}"
    checksum = hashlib.sha256(f"{GENERATOR_VERSION}:{name}".encode()).hexdigest()
    return Extracted(name, "generated", checksum, None, synthetic=True, file=None, league=(options.sample_rows, options.sample_seed))


def _of_file(file: SourceFile, dataset: Dataset, published_at: datetime | None = None) -> Extracted:
    # what is true of any league is not made up, even in the folder of a synthetic one, unless the folder says so
    synthetic = file.synthetic and (dataset.name in LEAGUE or dataset.file_stem in (file.path.parent / SYNTHETIC_MARKER).read_text())
    published_at = published_at or date_in_name(file.path)
    return Extracted(file.location, file.file_format, file.checksum, file.byte_count, synthetic, file, published_at=published_at)


async def _download(options: LoadOptions, dataset: Dataset) -> Extracted:
    """Download the release file if it has changed; only scheduled loads wait for a slow network."""
    from pipeline.release import download

    fetched = await download(dataset, patient=options.trigger == "schedule")
    file = await asyncio.to_thread(describe_file, fetched.path, location=fetched.url)
    try:
        published_at = parsedate_to_datetime(fetched.last_modified) if fetched.last_modified else None
    except ValueError:  # a header that the server made up
        published_at = None
    return _of_file(file, dataset, published_at.astimezone(UTC) if published_at else None)
