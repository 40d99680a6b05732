"""Cursors: what goes in comes out, and nothing a client makes of one does more than be refused."""

from __future__ import annotations

import base64
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidParameter
from app.listing.cursor import CursorValue, decode_cursor, encode_cursor
from app.listing.model import Kind
from app.listing.parsing import SortKey

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
VALUES: dict[Kind, st.SearchStrategy[CursorValue]] = {
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.TEXT: TEXT,
}
PATIENT = settings(deadline=None)
NAMES = ("season", "pick", "w_av", "name", "hof")


@st.composite
def places(draw: st.DrawFn) -> tuple[list[SortKey], list[Kind], list[CursorValue]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    sort = [SortKey(name, draw(st.booleans())) for name in names]
    kinds = [draw(st.sampled_from(list(VALUES))) for _ in sort]
    return sort, kinds, [draw(st.none() | VALUES[kind]) for kind in kinds]


@PATIENT
@given(places())
def test_round_trip(place: tuple[list[SortKey], list[Kind], list[CursorValue]]) -> None:
    sort, kinds, values = place
    cursor = encode_cursor(sort, values)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()
    if len(cursor) <= 2000:
        assert decode_cursor(cursor, sort, kinds) == tuple(values)


def acceptable(value: CursorValue, kind: Kind) -> bool:
    """Whether PostgreSQL takes it as a column of this kind."""
    if value is None:
        return True
    if kind is Kind.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    if kind is Kind.NUMBER:
        return isinstance(value, float) and not math.isnan(value)
    if kind is Kind.TEXT:
        return isinstance(value, str) and "\0" not in value and bool(value.encode() or True)
    return isinstance(value, bool)


def refused_or_acceptable(cursor: str, sort: list[SortKey], kinds: list[Kind]) -> None:
    try:
        values = decode_cursor(cursor, sort, kinds)
    except InvalidParameter as error:
        assert error.parameter == "cursor"
    else:
        assert len(values) == len(sort)
        assert all(acceptable(value, kind) for value, kind in zip(values, kinds, strict=True))


@PATIENT
@given(places(), st.data())
def test_tampering(place: tuple[list[SortKey], list[Kind], list[CursorValue]], data: st.DataObject) -> None:
    sort, kinds, values = place
    raw = bytearray(base64.urlsafe_b64decode(encode_cursor(sort, values) + "=="))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    refused_or_acceptable(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="), sort, kinds)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)


@PATIENT
@given(places(), st.lists(JSON, max_size=6))
def test_another_payload(place: tuple[list[SortKey], list[Kind], list[CursorValue]], payload: list[object]) -> None:
    sort, kinds, _ = place
    for content in (payload, [",".join(map(str, sort)), *payload]):
        refused_or_acceptable(base64.urlsafe_b64encode(msgspec.json.encode(content)).decode(), sort, kinds)


@PATIENT
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    with pytest.raises(InvalidParameter):
        decode_cursor(text, [SortKey("season"), SortKey("pick")], [Kind.INTEGER, Kind.INTEGER])


def test_another_sort() -> None:
    cursor = encode_cursor([SortKey("pick")], [3])
    with pytest.raises(InvalidParameter, match="different sort order"):
        decode_cursor(cursor, [SortKey("pick", descending=True)], [Kind.INTEGER])


@pytest.mark.parametrize(
    "raw", [b'["pick",1e999]', b'["pick","\\ud800"]', b'["pick","a\\u0000"]', b"[" * 5000, b'{"pick":1}', b"[]", b'["pick",true]']
)
def test_hostile_json(raw: bytes) -> None:
    for kind in (Kind.INTEGER, Kind.NUMBER, Kind.TEXT):
        refused_or_acceptable(base64.urlsafe_b64encode(raw).decode(), [SortKey("pick")], [kind])
