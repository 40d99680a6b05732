"""Finished responses as bytes, for one identity of the data at a time.

The whole cache is emptied when the data change, so an entry can never be older than the version it is served under. Bounded in
bytes; the least recently used response is evicted first.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

#: The approximate overhead of an entry: key, headers, bookkeeping.
OVERHEAD = 1500
#: Larger responses are generated each time; whole sets are streamed anyway.
LARGEST_BODY = 512 * 1024
#: Responses of longer URLs are not cached: a client could fill the memory with them.
LONGEST_ADDRESS = 4096
#: Longer URLs are normalised each time.
LONGEST_SPELLING = 512
_MOST_SPELLINGS = 4096

Headers = list[tuple[bytes, bytes]]


class Entry(NamedTuple):
    """One response with status 200, ready to send."""

    headers: Headers
    body: bytes
    etag: bytes
    route: str


class ByteCache:
    """Entries by normalised URL: parameters in another order are the same request."""

    def __init__(self, max_bytes: int, release: str) -> None:
        self._max_bytes = max_bytes
        self._release = release
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._spellings: dict[tuple[str, bytes, bytes], str] = {}
        self.bytes = 0
        self.data = ""

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything: the data have changed."""
        self._entries.clear()
        self._spellings.clear()
        self.bytes = 0

    def switch_to(self, data: str) -> None:
        """Keep responses made from these data only, and forget all others."""
        self.clear()
        self.data = data

    def key(self, path: str, query: bytes, variant: bytes = b"") -> str | None:
        """Return the normalised URL; None if its response must not be cached. ``variant`` distinguishes the responses of one URL."""
        spelling = (path, query, variant)
        key = self._spellings.get(spelling)
        if key is None:
            length = len(path) + len(query) + len(variant)
            if length > LONGEST_ADDRESS or "?" in path or "#" in path:  # the path is decoded: %3F would read like the start of a query
                return None
            if not query and not variant:
                return path
            pairs = sorted(parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))
            key = f"{path}?{urlencode(pairs, encoding='latin-1')}"
            if variant:
                key = f"{key}#{variant.decode('latin-1')}"
            if length <= LONGEST_SPELLING:
                if len(self._spellings) >= _MOST_SPELLINGS:
                    self._spellings.clear()
                self._spellings[spelling] = key
        return key

    def etag(self, data: str, key: str) -> bytes:
        """Return a weak tag, because another process or release may encode equal content differently."""
        digest = hashlib.blake2b(f"{self._release}\0{key}".encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
        return f'W/"{data}-{digest}"'.encode("latin-1")

    def get(self, key: str) -> Entry | None:
        """Return the response if it is cached."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Cache a response, unless it is too large."""
        cost = len(entry.body) + OVERHEAD
        if len(entry.body) > LARGEST_BODY or cost > self._max_bytes:
            return
        replaced = self._entries.pop(key, None)
        if replaced is not None:
            self.bytes -= len(replaced.body) + OVERHEAD
        self._entries[key] = entry
        self.bytes += cost
        while self.bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self.bytes -= len(oldest.body) + OVERHEAD


def header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the first value of a header, by its lower-case name."""
    return next((value for key, value in headers if key == name), None)
