"""Extract: find the file of a data set and determine its format, without interpreting its content."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from app.datasets.model import Dataset
from pipeline.errors import SourceInvalid, SourceUnavailable
from pipeline.issues import Issue

FileFormat = Literal["csv", "parquet"]

#: A file of this name marks all files of its folder as made up (``dq sample generate`` writes it).
SYNTHETIC_MARKER = "SYNTHETIC"

#: A packed file may not unpack to more: in production /tmp holds 64 MB. The largest release file has about 5 MB.
MAX_UNPACKED = 48_000_000

_PARQUET_MAGIC, _GZIP_MAGIC = b"PAR1", b"\x1f\x8b"
#: First bytes of files that are neither CSV nor Parquet, with a description for the error message.
_OTHERS: dict[bytes, str] = {
    _GZIP_MAGIC: "is compressed with gzip twice; unpack it once",
    b"X\n\0\0\0": "is an R data file (RDS); take the .csv, .csv.gz or .parquet file of the release",
    b"RDX": "is an R data file; take the .csv, .csv.gz or .parquet file of the release",
    b"PK\x03\x04": "is a ZIP archive or a spreadsheet; unpack it, or save it as CSV",
    b"\xff\xfe": "is written in UTF-16; save it as UTF-8",
    b"\xfe\xff": "is written in UTF-16; save it as UTF-8",
}
_DATED = re.compile(r"^(?P<stem>[a-z_]+?)(?:[_-](?P<date>\d{4}-?\d{2}-?\d{2}))?\.(?P<format>csv|parquet)(?:\.gz)?$", re.IGNORECASE)


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
    #: Whether it is compressed with gzip; ``file_format`` is the format of its content.
    packed: bool = False


def find_files(directory: Path, dataset: Dataset) -> list[Path]:
    """Find the files of the data set in ``directory`` or one folder below it, the one to read first.

    Names are ``<stem>.csv|csv.gz|parquet`` with an optional date suffix. The newest is read: by the date in its name, else by its time
    stamp; between equals, Parquet before CSV. An undated file counts as older than any dated one: the date is upstream's, the time stamp
    often that of a copy. Raises ``SourceUnavailable`` when the folder or the file is not there.
    """
    if not directory.is_dir():
        raise SourceUnavailable(
            f"No such folder: {directory}.", "Name the folder that has the release files: make run FROM=DIR, or dq etl run --from DIR."
        )
    candidates = _candidates(directory, dataset)
    if not candidates:
        stem = dataset.file_stem
        similar = sorted(path.name for path in directory.glob(f"{stem}*") if path.is_file())[:5]
        raise SourceUnavailable(
            f"{directory} holds no {stem}.csv, {stem}.csv.gz or {stem}.parquet{', only ' + ', '.join(similar) if similar else ''}.",
            "Name the folder that has the release files: make run FROM=DIR, or dq etl run --from DIR.",
        )
    return [path for *_, path in sorted(candidates, reverse=True)]


def passed_over(path: Path, read: Path) -> Issue:
    """Report a file of the data set that is not read; it is a warning if its time stamp is later than the date of the one that is."""
    date, stamp = date_in_name(read), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if date is None or date_in_name(path) is not None or stamp < date + timedelta(days=1):
        message = f"{path.name} was not read: {read.name} is newer, or as new and the preferred format."
        return Issue("info", "file_passed_over", message, entity=str(path))
    day = f"{stamp:%Y-%m-%d}"
    message = (
        f"{path.name} was not read although its time stamp ({day}) is later than the date in the name of {read.name}: a time stamp may be"
        f" that of a copy. To load it, add its date to its name ({path.name.replace('.', f'_{day}.', 1)})."
    )
    return Issue("warning", "file_passed_over", message, entity=str(path))


def date_in_name(path: Path) -> datetime | None:
    """Return the date suffix of a file's name, as of midnight UTC."""
    found = re.search(r"[_-](\d{4})-?(\d{2})-?(\d{2})\.", path.name)
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC) if found else None
    except ValueError:  # digits that are not a date
        return None


def has_file(directory: Path, dataset: Dataset) -> bool:
    """Check that ``find_files`` would find a file."""
    return bool(_candidates(directory, dataset))


def _candidates(directory: Path, dataset: Dataset) -> list[tuple[str, int, bool, bool, str, Path]]:
    """List the files of the data set with their sort key: (date, time stamp if undated, whether it is Parquet, not packed, name, path)."""
    candidates = []
    for path in [*directory.glob("*"), *directory.glob("*/*")]:
        match = _DATED.match(path.name)
        if match and match["stem"].lower() == dataset.file_stem and path.is_file():
            date = (match["date"] or "").replace("-", "")
            stamp = 0 if date else path.stat().st_mtime_ns
            is_plain = path.suffix.lower() != ".gz"
            candidates.append((date, stamp, match["format"].lower() == "parquet", is_plain, str(path), path))
    return candidates


@contextmanager
def unpacked(source: SourceFile) -> Iterator[SourceFile]:
    """Yield the file in a form that can be read: a packed one is unpacked, block by block, into a temporary folder.

    Raises:
        SourceInvalid: the file is damaged, or its content is too large.
    """
    if not source.packed:
        yield source
        return
    with TemporaryDirectory(prefix="draft-queen-") as folder:
        path = Path(folder) / source.path.name
        with _unpacking(source.path) as content, path.open("wb") as plain:
            while block := content.read(1 << 20):
                if plain.tell() + len(block) > MAX_UNPACKED:
                    raise SourceInvalid(f"{source.path.name} unpacks to more than {MAX_UNPACKED // 1_000_000} MB, the most that is read.")
                plain.write(block)
        yield replace(source, path=path, packed=False)


@contextmanager
def _unpacking(path: Path) -> Iterator[gzip.GzipFile]:
    try:
        with gzip.open(path) as content:
            yield content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceInvalid(f"{path.name} is truncated or damaged and cannot be unpacked.") from error


def describe_file(path: Path, *, location: str | None = None, synthetic: bool = False) -> SourceFile:
    """Determine checksum and format of a file; the content decides whether it is packed and whether it is Parquet, not the name.

    Raises ``SourceInvalid`` for an empty file, an HTML page or a file of another format, ``SourceUnavailable`` when it cannot be read.
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
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror}.") from error
    packed = head.startswith(_GZIP_MAGIC)
    if packed:
        with _unpacking(path) as content:
            head = content.read(512)
    if not head:
        raise SourceInvalid(f"{path.name} is empty.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise SourceInvalid(f"{path.name} is a web page, not data; the server probably returned an error page.")
    for beginning, what in _OTHERS.items():
        if head.startswith(beginning):
            raise SourceInvalid(f"{path.name} {what}.")
    file_format: FileFormat = "parquet" if head.startswith(_PARQUET_MAGIC) else "csv"
    marked = (path.parent / SYNTHETIC_MARKER).exists()
    return SourceFile(path, file_format, digest.hexdigest(), byte_count, synthetic or marked, location or str(path), packed)
