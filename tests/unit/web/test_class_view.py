"""A class page without a database: what its address says, which rows it keeps, how it sorts them."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.class_view import PAGE_SIZE, SORTS, BadFilter, ClassFilter, class_page, keep, order, parse_filter
from app.web.schemas import PickLine

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100).map(str.strip)
FILTERS = st.builds(
    ClassFilter,
    season=st.integers(1980, 2026),
    round=st.none() | st.integers(1, 12),
    franchise=TEXTS,
    group=TEXTS,
    college=TEXTS,
    q=TEXTS,
    sort=st.sampled_from([*SORTS, *(f"-{key}" for key in SORTS)]),
    page=st.integers(1, 10_000),
)
COUNTS = st.none() | st.integers(0, 300)


def pick(number: int, **values: object) -> PickLine:
    """A selection of which only the named values matter."""
    line: dict[str, object] = {
        "season": 2026, "round": 1, "pick": number, "person_id": number, "name": f"Name {number}", "position": "QB", "position_group": "QB",
        "team": "BUF", "team_name": "Buffalo Bills", "franchise_slug": "bills", "college": "LSU", "college_slug": "lsu", "age": 22,
        "games": 10, "seasons_started": 1, "probowls": 0, "allpro": 0, "w_av": 5, "hof": False, "name_keys": (f"name {number}",),
    }  # fmt: skip
    return PickLine(**{**line, **values})  # type: ignore[arg-type]


PICKS = st.lists(
    st.builds(pick, number=st.integers(1, 400), w_av=COUNTS, games=COUNTS, college=st.none() | st.sampled_from(["LSU", "Utah", "usc"])),
    unique_by=lambda row: row.pick,
    max_size=80,
)


@given(FILTERS)
def test_the_address_carries_the_whole_state(wanted: ClassFilter) -> None:
    address = urlsplit(wanted.url())
    assert address.path == f"/classes/{wanted.season}"
    assert parse_filter(wanted.season, dict(parse_qsl(address.query))) == wanted


@given(st.dictionaries(st.sampled_from(["round", "franchise", "group", "college", "q", "sort", "page"]), st.text(max_size=120)))
def test_any_query_string_is_understood_or_refused(query: dict[str, str]) -> None:
    try:
        wanted = parse_filter(2026, query)
    except BadFilter as error:
        assert len(str(error)) < 400
    else:
        assert class_page([pick(1)], [2026], wanted, synthetic=False).total in (0, 1)


@pytest.mark.parametrize("value", ["0", "13", "-1", "1.5", "²", "１", "x", "9" * 5000, "000000012999", "000000001" + "9" * 5000])
def test_a_round_that_cannot_be_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadFilter, match="round"):
        parse_filter(2026, {"round": value})


@given(PICKS, st.sampled_from(sorted(SORTS)), st.booleans())
def test_order_keeps_every_row_and_puts_nulls_last(rows: list[PickLine], key: str, descending: bool) -> None:
    ordered = order(rows, f"-{key}" if descending else key)
    assert sorted(ordered, key=lambda row: row.pick) == sorted(rows, key=lambda row: row.pick)
    values = [SORTS[key].value(row) for row in ordered]
    filled = [value for value in values if value is not None]
    assert values == filled + [None] * (len(values) - len(filled))
    assert filled == sorted(filled, reverse=descending)
    for before, after in pairwise(ordered):
        if SORTS[key].value(before) == SORTS[key].value(after):
            assert before.pick < after.pick


@given(PICKS)
def test_pages_of_a_class_hold_every_row_once(rows: list[PickLine]) -> None:
    seen: list[int] = []
    number = 1
    while True:
        page = class_page(rows, [2026], ClassFilter(2026, page=number), synthetic=False)
        assert len(page.picks) <= PAGE_SIZE
        seen += [row.pick for row in page.picks]
        if page.next is None:
            break
        number += 1
    assert seen == sorted(row.pick for row in rows)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("amare", True), ("AMARÉ b", True), ("barno amare", True), ("mare", False), ("amare x", False), ("jack", True), ("!!", False)],
)
def test_every_word_begins_a_word_of_one_name(typed: str, found: bool) -> None:
    rows = [pick(1, name_keys=("amare barno", "jack barno"))]
    assert bool(keep(rows, ClassFilter(2026, q=typed))) is found


def test_words_are_not_taken_from_two_names() -> None:
    assert keep([pick(1, name_keys=("amare barno", "jack"))], ClassFilter(2026, q="amare jack")) == []


def test_a_choice_that_the_class_lacks_stays_visible() -> None:
    page = class_page([pick(1)], [2026], ClassFilter(2026, franchise="colts"), synthetic=False)
    franchise = next(each for each in page.filters if each.name == "franchise")
    assert [(choice.value, choice.label) for choice in franchise.choices if choice.selected] == [("colts", "colts (0)")]
    assert page.clear == "/classes/2026"


def test_a_column_head_starts_with_the_end_people_want_and_then_turns() -> None:
    def head(sort: str) -> tuple[str, str]:
        page = class_page([pick(1)], [2026], ClassFilter(2026, sort=sort), synthetic=False)
        column = next(each for each in page.columns if each.key == "w_av")
        return column.order, column.url

    assert head("pick") == ("none", "/classes/2026?sort=-w_av")
    assert head("-w_av") == ("descending", "/classes/2026?sort=w_av")
    assert head("w_av") == ("ascending", "/classes/2026?sort=-w_av")


def test_neighbouring_classes_keep_the_filters() -> None:
    page = class_page([pick(1)], [2026, 2025, 2024], ClassFilter(2025, group="QB", page=3), synthetic=False)
    assert page.older is not None
    assert page.newer is not None
    assert (page.older.url, page.newer.url) == ("/classes/2024?group=QB", "/classes/2026?group=QB")


def test_downloads_ask_the_api_for_the_same_rows_in_the_same_order() -> None:
    page = class_page([pick(1)], [2026], ClassFilter(2026, round=2, q="a b", sort="-name", page=2), synthetic=False)
    assert page.downloads[0].url == "/api/v1/draft-picks?season=2026&round=2&q=a+b&sort=-pfr_player_name&format=csv"
