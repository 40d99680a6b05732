"""Keyset cursors: where a page ended, as the sort values of its last row, opaque to the client.

A cursor is base64url of a JSON array: the sort it belongs to, then one value per sort key. It carries no secret and needs no signature:
whatever a client makes of it can only move the place in a list it may read anyway. It must never do more harm than a 422.
"""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from app.errors import InvalidParameter
from app.listing.model import Kind
from app.listing.parsing import SortKey

_INT8 = range(-(2**63), 2**63)

CursorValue = str | int | float | bool | None


def encode_cursor(sort: Sequence[SortKey], values: Sequence[object]) -> str:
    """Encode the cursor that continues after a row with these sort values."""
    payload = msgspec.json.encode([",".join(map(str, sort)), *values])
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode("ascii")


def decode_cursor(text: str, sort: Sequence[SortKey], kinds: Sequence[Kind]) -> tuple[CursorValue, ...]:
    """Decode the sort values of a cursor, and check that each has its key's kind.

    Raises:
        InvalidParameter: broken, tampered with, or made for another sort.
    """
    payload = _payload(text)
    if payload[0] != ",".join(map(str, sort)):
        raise InvalidParameter("cursor", "The cursor belongs to a different sort order. Start again without a cursor.", text)
    if len(payload) != len(sort) + 1:
        raise _broken(text)
    return tuple(_checked(value, kind, text) for value, kind in zip(payload[1:], kinds, strict=True))


def _broken(text: str) -> InvalidParameter:
    return InvalidParameter("cursor", "The cursor is invalid. Use the value of `next` unchanged, or start without a cursor.", text)


def _payload(text: str) -> list[object]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        payload = msgspec.json.decode(raw)
    except (binascii.Error, ValueError, RecursionError) as error:  # msgspec's DecodeError is a ValueError
        raise _broken(text) from error
    if not isinstance(payload, list) or not payload:
        raise _broken(text)
    return payload


def _checked(value: object, kind: Kind, text: str) -> CursorValue:
    """Check that PostgreSQL accepts the value for this kind of column, and return it."""
    if value is None:
        return None
    if kind is Kind.BOOLEAN and isinstance(value, bool):
        return value
    if kind is Kind.TEXT and isinstance(value, str) and "\0" not in value:
        return value
    if kind in (Kind.INTEGER, Kind.NUMBER) and isinstance(value, int) and not isinstance(value, bool) and value in _INT8:
        return float(value) if kind is Kind.NUMBER else value
    if kind is Kind.NUMBER and isinstance(value, float):
        return value
    raise _broken(text)
