"""What a client accepts, parsed in one place: for routes, for error pages, and for the cache, which keeps responses apart by it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

#: The formats of a response; ``none`` when the client accepts none of them.
Accepted = Literal["json", "csv", "ndjson", "events", "none"]

_JSON = frozenset({"*/*", "application/*", "application/json", "application/problem+json"})
_STREAMS: Mapping[str, Accepted] = {
    "text/csv": "csv",
    "text/*": "csv",
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/event-stream": "events",
}
#: A longer header is read each time: remembering it would let a client fill the memory.
_LONGEST_REMEMBERED = 512
#: A type with a weight that is not a number from 0 to 1 comes last.
BROKEN_QUALITY = 1e-6


def accepted(accept: bytes) -> Accepted:
    """Choose the format for an ``Accept`` header: JSON if it is acceptable, else the first known format."""
    return _remembered(accept) if len(accept) <= _LONGEST_REMEMBERED else _read(accept)


@lru_cache(maxsize=256)
def _remembered(accept: bytes) -> Accepted:
    return _read(accept)


def _read(accept: bytes) -> Accepted:
    if not accept.strip():
        return "json"
    wanted = [kind for kind, quality in media_types(accept.decode("latin-1")) if quality > 0]
    if any(kind in _JSON for kind in wanted):
        return "json"
    return next((_STREAMS[kind] for kind in wanted if kind in _STREAMS), "none")


def media_types(accept: str) -> list[tuple[str, float]]:
    """Return the media types of an ``Accept`` header with their quality, in the order written; 0 says that a type is not accepted."""
    found = []
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
        if kind:
            found.append((kind, _quality(weights[-1]) if weights else 1.0))
    return found


def _quality(weight: str) -> float:
    try:
        quality = float(weight)
    except ValueError:
        return BROKEN_QUALITY
    return quality if 0 <= quality <= 1 else BROKEN_QUALITY
