"""``fields=`` and ``sort=``."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidParameter
from app.listing.parsing import MAX_SORT_KEYS, SortKey, parse_fields, parse_sort

PATIENT = settings(deadline=None)
KNOWN = ("season", "pick", "name", "w_av", "age", "games", "team", "round")
TIE_BREAK = ("season", "pick")


@PATIENT
@given(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=12))
def test_fields_keep_their_order_and_come_once(names: list[str]) -> None:
    fields = parse_fields(",".join(names), KNOWN, ("season",))
    assert list(fields) == list(dict.fromkeys(names))


def test_fields_by_default_and_all() -> None:
    assert parse_fields(None, KNOWN, ("season",)) == ("season",)
    assert parse_fields(" * ", KNOWN, ("season",)) == KNOWN
    assert parse_fields(" name , pick ", KNOWN, ()) == ("name", "pick")


@PATIENT
@given(st.text(max_size=30))
def test_fields_are_known_or_refused(text: str) -> None:
    try:
        fields = parse_fields(text, KNOWN, ())
    except InvalidParameter as error:
        assert error.parameter == "fields"
    else:
        assert set(fields) <= set(KNOWN)


@PATIENT
@given(st.lists(st.sampled_from(KNOWN), max_size=MAX_SORT_KEYS, unique=True), st.data())
def test_a_sort_is_total(names: list[str], data: st.DataObject) -> None:
    """The keys asked for, as asked for, and then the tie-break; written out again it is the same sort."""
    wanted = [SortKey(name, data.draw(st.booleans())) for name in names]
    sort = parse_sort(",".join(map(str, wanted)), KNOWN, TIE_BREAK)
    assert list(sort[: len(wanted)]) == wanted
    assert set(TIE_BREAK) <= {key.name for key in sort}
    assert len({key.name for key in sort}) == len(sort)
    if len(sort) <= MAX_SORT_KEYS:
        assert parse_sort(",".join(map(str, sort)), KNOWN, TIE_BREAK) == sort


@PATIENT
@given(st.text(max_size=30))
def test_a_sort_is_known_or_refused(text: str) -> None:
    try:
        sort = parse_sort(text, KNOWN, TIE_BREAK)
    except InvalidParameter as error:
        assert error.parameter == "sort"
    else:
        assert {key.name for key in sort} <= set(KNOWN)


@pytest.mark.parametrize("text", ["pick,", ",pick", "--pick", "+pick", "pick;season", "pick,-pick", "Pick", ",".join(KNOWN[:7])])
def test_refused_sorts(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_sort(text, KNOWN, TIE_BREAK)


def test_a_list_may_have_a_sort_of_its_own() -> None:
    assert parse_sort(None, KNOWN, ("pick",), "-season,name") == (SortKey("season", descending=True), SortKey("name"), SortKey("pick"))
    assert parse_sort("age", KNOWN, ("pick",), "-season") == (SortKey("age"), SortKey("pick"))
