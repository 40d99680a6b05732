"""Fetches one file over HTTP into a folder of downloads.

``fetch(url, folder)`` requests only new content (ETag, Last-Modified), follows redirects but remembers validators under the original URL,
never leaves a half-written file, and raises ``SourceUnavailable`` with a message when there is no file. The file of the last successful
download is always kept.
"""

import asyncio
import errno
import hashlib
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from pipeline.errors import SourceUnavailable

Progress = Callable[[int, int | None], None]
Sleep = Callable[[float], Awaitable[None]]

#: Status codes after which a later attempt may succeed.
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OLD_PART_SECONDS: Final = 3_600
_PARQUET_MAGIC: Final = b"PAR1"
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits: seconds without data, seconds in total, bytes, attempts, redirects, and pauses between attempts."""

    silence_seconds: float = 30.0
    connect_seconds: float = 10.0
    total_seconds: float = 600.0
    max_bytes: int = 500 * _MEGABYTE
    attempts: int = 4
    redirects: int = 5
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 15.0


#: For a waiting user with an alternative: find out quickly whether the network is available.
QUICK: Final = FetchLimits(silence_seconds=10.0, connect_seconds=3.0, total_seconds=120.0, attempts=2)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file. ``not_modified``: the server said that the file of an earlier fetch is still the newest."""

    path: Path
    url: str
    etag: str | None
    last_modified: str | None
    checksum: str
    byte_count: int
    not_modified: bool = False


class _Transient(Exception):
    """This attempt failed, but the next one may succeed."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def user_agent() -> str:
    """Return the name under which we send requests."""
    try:
        return f"draft-queen/{version('draft-queen')} (NFL draft data pipeline)"
    except PackageNotFoundError:
        return "draft-queen (NFL draft data pipeline)"


async def fetch(
    url: str,
    folder: Path,
    *,
    limits: FetchLimits | None = None,
    progress: Progress | None = None,
    sleep: Sleep = asyncio.sleep,
) -> Fetched:
    """Download ``url`` into ``folder`` unless the copy there is still the newest.

    ``progress`` is called with bytes so far and in all (None: the server does not say). Raises SourceUnavailable when there is no network,
    no such file, a time limit, an error page instead of data, too much or too little data, or no room on the disk.
    """
    limits = limits or FetchLimits()
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SourceUnavailable(f"{url} is not a web address.", "Set SOURCE_BASE_URL to one that begins with https://.")
    try:
        _prepare(folder)
        async with asyncio.timeout(limits.total_seconds), _client(limits) as client:
            return await _Fetch(url, folder, limits, client, progress or _silent).run(sleep)
    except TimeoutError:
        raise SourceUnavailable(f"{url} did not arrive within {limits.total_seconds:g} seconds.", "Try again later.") from None
    except OSError as error:
        raise _disk_problem(error, folder) from error


def _silent(done: int, total: int | None) -> None:
    """Ignore the progress."""


def _client(limits: FetchLimits) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=httpx.Timeout(limits.silence_seconds, connect=limits.connect_seconds),
        # a compressed response would hide the length, by which truncation is detected
        headers={"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity"},
        follow_redirects=False,
    )


class _Fetch:
    """One download: its destination, and what is known about the existing copy."""

    def __init__(self, url: str, folder: Path, limits: FetchLimits, client: httpx.AsyncClient, progress: Progress) -> None:
        self.url, self.folder, self.limits, self.client, self.progress = url, folder, limits, client, progress
        self.path = folder / stored_name(url)
        self.note = self.path.with_name(f"{self.path.name}.json")

    async def run(self, sleep: Sleep) -> Fetched:
        """Retry with growing, randomised pauses, so that many clients do not return at the same time."""
        known = self._known_copy()
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return await self._attempt(known)
            except _Transient as trouble:
                if attempt == self.limits.attempts:
                    tries = f" ({attempt} attempts)" if attempt > 1 else ""
                    raise SourceUnavailable(f"{self.url} {trouble}{tries}.", "Check the network, or try again later.") from trouble
                pause = min(self.limits.first_pause_seconds * 2 ** (attempt - 1), self.limits.longest_pause_seconds)
                pause *= random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
                await sleep(max(pause, min(trouble.retry_after or 0.0, self.limits.longest_pause_seconds)))
        raise AssertionError("unreachable: at least one attempt is made")

    def _known_copy(self) -> Fetched | None:
        """Return the copy of the last successful download, or None unless both of its parts are intact."""
        try:
            stored = Fetched(**{**json.loads(self.note.read_text(encoding="utf-8")), "path": self.path})
            whole = stored.url == self.url and _sha256(self.path) == stored.checksum
        except (OSError, ValueError, TypeError):
            return None
        return stored if whole else None

    async def _attempt(self, known: Fetched | None) -> Fetched:
        headers: dict[str, str] = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        try:
            response = await self._answer(self.client.build_request("GET", self.url, headers=headers))
            try:
                if response.status_code == httpx.codes.NOT_MODIFIED and known is not None:
                    return replace(known, not_modified=True)
                self._check(response)
                return await self._receive(response)
            finally:
                await response.aclose()
        except httpx.ConnectError as error:
            raise _Transient("cannot be reached") from error
        except httpx.TimeoutException as error:
            raise _Transient(f"said nothing for {self.limits.silence_seconds:g} seconds") from error
        except httpx.RemoteProtocolError as error:
            raise _Transient("was cut off before its end") from error
        except httpx.TransportError as error:
            raise _Transient(f"cannot be read ({type(error).__name__})") from error

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """Follow redirects and return the final response; only http and https, and never from https back to http."""
        for _ in range(self.limits.redirects + 1):
            response = await self.client.send(request, stream=True)
            if response.next_request is None:
                return response
            await response.aclose()
            target = response.next_request.url
            if target.scheme not in {"http", "https"} or (request.url.scheme == "https" and target.scheme == "http"):
                raise SourceUnavailable(f"{self.url} redirects to an address that is not safe to follow ({target.scheme}://{target.host}).")
            request = response.next_request
        raise SourceUnavailable(f"{self.url} redirects more than {self.limits.redirects} times.")

    def _check(self, response: httpx.Response) -> None:
        """Raise for a response that cannot be the file."""
        status = response.status_code
        if status in _TRY_AGAIN:
            raise _Transient(f"responded with {status} {response.reason_phrase}".rstrip(), _retry_after(response))
        if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
            raise SourceUnavailable(f"No file exists at {self.url} (status {status}).", "Check SOURCE_BASE_URL.")
        if status != httpx.codes.OK:
            raise SourceUnavailable(f"{self.url} responded with {status} {response.reason_phrase}".rstrip() + ".")
        if response.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")):
            raise SourceUnavailable(f"{self.url} returned a web page instead of data.", "Check the network for a login page.")
        self._check_size(_length(response) or 0)

    def _check_size(self, byte_count: int) -> None:
        if byte_count > self.limits.max_bytes:
            raise SourceUnavailable(f"{self.url} is larger than the {self.limits.max_bytes / _MEGABYTE:g} MB that are allowed.")

    async def _receive(self, response: httpx.Response) -> Fetched:
        """Write the body next to the last good file, and replace that file once the body is complete."""
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f"{self.path.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size = hashlib.sha256(), 0
                async for block in response.aiter_bytes(1 << 18):
                    size += len(block)
                    self._check_size(size)
                    digest.update(block)
                    file.write(block)
                    self.progress(size, _length(response))
                file.flush()
                os.fsync(file.fileno())
            self._check_whole(response, part, size)
            fetched = Fetched(
                self.path, self.url, response.headers.get("etag"), response.headers.get("last-modified"), digest.hexdigest(), size
            )
            self._keep(part, fetched)
            return fetched
        finally:
            _discard(part)

    def _check_whole(self, response: httpx.Response, part: Path, size: int) -> None:
        expected = _length(response)
        if expected is not None and response.num_bytes_downloaded != expected:
            raise _Transient(f"was cut off after {response.num_bytes_downloaded:,} of {expected:,} bytes")
        if size == 0:
            raise _Transient("returned an empty file")
        with part.open("rb") as file:
            head = file.read(512)
            file.seek(-min(size, len(_PARQUET_MAGIC)), os.SEEK_END)
            tail = file.read()
        if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|head|body)", head, re.IGNORECASE):
            raise SourceUnavailable(f"{self.url} returned a web page instead of data.", "Check the network for a login page.")
        if self.path.suffix == ".parquet" and not (head.startswith(_PARQUET_MAGIC) and tail == _PARQUET_MAGIC):
            raise _Transient("is not a whole Parquet file")

    def _keep(self, part: Path, fetched: Fetched) -> None:
        """Store the file, then the note: a process killed in between leaves a note that does not match, and the next fetch starts over."""
        part.chmod(0o644)
        part.replace(self.path)
        note = {name: value for name, value in asdict(fetched).items() if name not in {"path", "not_modified"}}
        new_note = part.with_suffix(".note")
        new_note.write_text(json.dumps(note, indent=1), encoding="utf-8")
        new_note.replace(self.note)


def stored_name(url: str) -> str:
    """Return the name of a download: the file's own, after a short hash of its URL (two sources may use the same name)."""
    own = re.sub(r"[^A-Za-z0-9._-]", "_", urlsplit(url).path.rsplit("/", 1)[-1])[-80:].lstrip(".") or "download"
    return f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{own}"


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prepare(folder: Path) -> None:
    """Create the folder and remove what a killed process left in it; recent parts may belong to a running process."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (*folder.glob("*.part"), *folder.glob("*.note")):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _OLD_PART_SECONDS:
                part.unlink()


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)


def _disk_problem(error: OSError, folder: Path) -> SourceUnavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return SourceUnavailable(f"The disk of {folder} is full.", "Free some space and try again; no partial file was kept.")
    return SourceUnavailable(f"{folder} cannot be written: {error.strerror or error}.", "Set DATA_DIR to a folder that you can write to.")
