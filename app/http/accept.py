"""What a client accepts, read in one place: the routes answer by it, and kept answers are kept apart by it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What an address can answer with; ``none`` when the client accepts nothing of it.
Accepted = Literal["json", "csv", "ndjson", "none"]

_JSON = frozenset({"*/*", "application/*", "application/json", "application/problem+json"})
_STREAMS: Mapping[str, Accepted] = {"text/csv": "csv", "text/*": "csv", "application/x-ndjson": "ndjson", "application/jsonl": "ndjson"}
#: A longer header is read each time: remembering it would let a client fill the memory.
_LONGEST_REMEMBERED = 512


def accepted(accept: bytes) -> Accepted:
    """The answer for this ``Accept`` header: JSON wherever it will do, else the first format that is known."""
    return _remembered(accept) if len(accept) <= _LONGEST_REMEMBERED else _read(accept)


@lru_cache(maxsize=256)
def _remembered(accept: bytes) -> Accepted:
    return _read(accept)


def _read(accept: bytes) -> Accepted:
    if not accept.strip():
        return "json"
    wanted = [kind for part in accept.decode("latin-1").lower().split(",") if (kind := _kind(part))]
    if any(kind in _JSON for kind in wanted):
        return "json"
    return next((_STREAMS[kind] for kind in wanted if kind in _STREAMS), "none")


def _kind(part: str) -> str:
    """The media type of one element; nothing when it has weight 0, which says that it is not accepted."""
    kind, *parameters = (piece.strip() for piece in part.split(";"))
    return "" if any(parameter.startswith("q=") and _is_zero(parameter[2:]) for parameter in parameters) else kind


def _is_zero(weight: str) -> bool:
    whole, _, rest = weight.strip().partition(".")
    return whole == "0" and not rest.strip("0")
