"""Extract: find the file of a data set and determine its format, without interpreting its content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.datasets.model import Dataset
from pipeline.errors import SourceInvalid, SourceUnavailable

FileFormat = Literal["csv", "parquet"]

#: A file of this name marks all files of its folder as made up (``dq sample generate`` writes it).
SYNTHETIC_MARKER = "SYNTHETIC"

_PARQUET_MAGIC = b"PAR1"
#: First bytes of files that are neither CSV nor Parquet, with a description for the error message.
_OTHERS: dict[bytes, str] = {
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"PK\x03\x04": "is a ZIP archive or a spreadsheet; unpack it, or save it as CSV",
    b"\xff\xfe": "is written in UTF-16; save it as UTF-8",
    b"\xfe\xff": "is written in UTF-16; save it as UTF-8",
}
_DATED = re.compile(r"^(?P<stem>[a-z_]+?)(?:[_-](?P<date>\d{4}-?\d{2}-?\d{2}))?\.(?P<format>csv|parquet)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that appears to contain a data set."""

    path: Path
    file_format: FileFormat
    checksum: str
    byte_count: int
    synthetic: bool
    #: Its origin, for the ledger: the URL of a download, else the path.
    location: str


def find_file(directory: Path, dataset: Dataset) -> Path:
    """Find the newest file of the data set in ``directory`` or one folder below it.

    Names are ``<stem>.csv|parquet`` with an optional date suffix; an undated file counts as older than any dated one, and Parquet wins
    over CSV of the same date. Raises ``SourceUnavailable`` when the folder or the file is not there.
    """
    if not directory.is_dir():
        raise SourceUnavailable(f"No such folder: {directory}.", "Specify the folder with the release files with --from.")
    candidates = _candidates(directory, dataset)
    if not candidates:
        raise SourceUnavailable(
            f"{directory} holds no {dataset.file_stem}.csv and no {dataset.file_stem}.parquet.",
            "Specify the folder with the release files with --from.",
        )
    return max(candidates)[3]


def has_file(directory: Path, dataset: Dataset) -> bool:
    """Check that ``find_file`` would find a file."""
    return bool(_candidates(directory, dataset))


def _candidates(directory: Path, dataset: Dataset) -> list[tuple[str, bool, str, Path]]:
    """List the files of the data set with their sort key: (date, whether it is Parquet, name, path)."""
    candidates: list[tuple[str, bool, str, Path]] = []
    for path in [*directory.glob("*"), *directory.glob("*/*")]:
        match = _DATED.match(path.name)
        if match and match["stem"].lower() == dataset.file_stem and path.is_file():
            date = (match["date"] or "").replace("-", "")
            candidates.append((date, match["format"].lower() == "parquet", str(path), path))
    return candidates


def describe_file(path: Path, *, location: str | None = None, synthetic: bool = False) -> SourceFile:
    """Determine checksum and format of a file; the content decides whether it is Parquet, not the name.

    Raises ``SourceInvalid`` for an empty file, an HTML page or a file of another format, ``SourceUnavailable`` when it can not be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
            digest.update(head)
            while block := stream.read(1 << 20):
                digest.update(block)
            byte_count = stream.tell()
    except OSError as error:
        raise SourceUnavailable(f"{path} can not be read: {error.strerror}.") from error
    if byte_count == 0:
        raise SourceInvalid(f"{path.name} is empty.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise SourceInvalid(f"{path.name} is a web page, not data; the server probably returned an error page.")
    for beginning, what in _OTHERS.items():
        if head.startswith(beginning):
            raise SourceInvalid(f"{path.name} {what}.")
    file_format: FileFormat = "parquet" if head.startswith(_PARQUET_MAGIC) else "csv"
    marked = (path.parent / SYNTHETIC_MARKER).exists()
    return SourceFile(path, file_format, digest.hexdigest(), byte_count, synthetic or marked, location or str(path))
