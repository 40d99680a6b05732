"""The public release files: where they are, and how long a download of them may take."""

from dataclasses import replace
from pathlib import Path

from app.datasets.model import Dataset
from app.settings import get_settings
from pipeline.errors import SourceUnavailable
from pipeline.fetch import QUICK, Fetched, FetchLimits, Progress, fetch


def release_url(dataset: Dataset) -> str:
    """Return the URL of a data set's Parquet file, which is its smallest format.

    Raises:
        SourceUnavailable: the data set is not released.
    """
    if dataset.release_path is None:
        hint = f"Load a folder that has {dataset.file_stem}.csv with --from."
        raise SourceUnavailable(f"The public release has no {dataset.title}.", hint)
    return f"{get_settings().source_base_url.rstrip('/')}/{dataset.release_path}.parquet"


def downloads_folder() -> Path:
    """Return the folder of downloads, which are kept so that the next one only requests new content."""
    return get_settings().data_dir / "downloads"


async def download(dataset: Dataset, *, patient: bool, progress: Progress | None = None) -> Fetched:
    """Download the release file of a data set if it has changed since the last time.

    ``patient`` is false when a user is waiting who can continue without the file. Raises SourceUnavailable.
    """
    silence = get_settings().source_timeout_seconds
    base = FetchLimits() if patient else QUICK
    limits = replace(base, silence_seconds=silence if patient else min(silence, base.silence_seconds))
    return await fetch(release_url(dataset), downloads_folder(), limits=limits, progress=progress)
