"""A class page without a database: what its URL says, what can be chosen, how it is cut into pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from app.draft_picks.schemas import DraftPickParameters
from app.listing.model import Row
from app.web.classes.page import PAGE_SIZE, SORTS, ClassPage, ClassParameters, class_page
from app.web.classes.queries import Facet
from app.web.parameters import Given, read_given
from app.web.wording import GROUP_NAMES

TEXTS = st.text(st.characters(exclude_characters="\0,", exclude_categories=["Cs"]), max_size=100).map(str.strip)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "round": st.integers(1, 12).map(str),
        **dict.fromkeys(("franchise", "college", "q"), TEXTS),
        "group": st.sampled_from([*GROUP_NAMES, "QB,WR"]),
        "sort": st.sampled_from([*SORTS, *(f"-{key}" for key in SORTS)]),
        "page": st.integers(1, 10_000).map(str),
    },
)


def asked(season: int = 2026, /, **query: object) -> Given[ClassParameters]:
    """What a request for a class has."""
    scope = {"type": "http", "path": f"/classes/{season}", "query_string": urlencode(query).encode(), "headers": []}
    return read_given(Request(scope), ClassParameters)


def facet(**values: object) -> Facet:
    """One selection, of which only the named values matter."""
    alike: dict[str, object] = {
        "round": 1, "position_group": "QB", "franchise_slug": "bills", "team_name": "Buffalo Bills",
        "college_slug": "lsu", "college": "LSU", "count": 1,
    }  # fmt: skip
    return Facet(**{**alike, **values})  # type: ignore[arg-type]


def pick(number: int) -> Row:
    """A selection of which only its number matters."""
    return {"pick": number}


def page_of(wanted: Given[ClassParameters], seasons: Sequence[int] = (2026,), picks: int = 1) -> ClassPage:
    """The page of a class of quarterbacks."""
    season = int(wanted.path.removeprefix("/classes/"))
    return class_page(season, wanted, [facet(count=picks)], [pick(number) for number in range(1, picks + 1)], seasons)


@given(st.integers(1980, 2026), QUERIES)
def test_the_address_carries_the_whole_state(season: int, query: dict[str, str]) -> None:
    wanted = asked(season, **query)
    assert wanted.problem is None
    address = urlsplit(wanted.url())
    assert address.path == f"/classes/{season}"
    again = asked(season, **dict(parse_qsl(address.query)))
    assert (again.parameters, again.texts) == (wanted.parameters, wanted.texts)


@given(
    st.dictionaries(
        st.sampled_from(["round", "franchise", "group", "college", "q", "sort", "page"]),
        st.text(max_size=120) | st.sampled_from(["QB", "2", "-w_av"]),
    )
)
def test_any_query_string_is_understood_or_refused(query: dict[str, str]) -> None:
    wanted = asked(**{name: text.encode("utf-8", "replace").decode() for name, text in query.items()})
    if wanted.problem:
        assert len(wanted.problem) < 400
        assert wanted.parameters == ClassParameters()
    else:
        assert DraftPickParameters.model_validate({"season": 2026, **wanted.parameters.list_parameters})


@pytest.mark.parametrize("value", ["0", "13", "-1", "1.5", "²", "１", "x", "9" * 5000, "000000012999", "000000001" + "9" * 5000])
def test_a_round_that_cannot_be_is_refused_by_name(value: str) -> None:
    assert re.match("Round: (must be|has too many digits)", str(asked(round=value).problem))


@given(st.integers(0, 120))
def test_pages_of_a_class_hold_every_row_once(picks: int) -> None:
    seen: list[object] = []
    number = 1
    while True:
        page = page_of(asked(page=number), picks=picks)
        assert len(page.picks) <= PAGE_SIZE
        seen += [row["pick"] for row in page.picks]
        if page.place.next is None:
            break
        number += 1
    assert seen == list(range(1, picks + 1))


def test_counts_are_of_the_whole_class() -> None:
    page = class_page(2026, asked(round=2), [facet(count=3), facet(position_group="WR", round=2)], [], [2026])
    assert (page.class_total, page.rounds, page.total) == (4, 2, 0)
    assert [(bar.label, bar.count) for bar in page.groups] == [("QB", 3), ("WR", 1)]
    rounds = next(each for each in page.filters if each.name == "round")
    assert [choice.label for choice in rounds.choices] == ["All rounds", "Round 1 (3)", "Round 2 (1)"]


def test_a_choice_that_the_class_lacks_stays_visible() -> None:
    page = page_of(asked(franchise="colts"))
    franchise = next(each for each in page.filters if each.name == "franchise")
    assert [(choice.value, choice.label) for choice in franchise.choices if choice.selected] == [("colts", "colts")]
    assert page.clear == "/classes/2026"


def test_a_column_head_starts_with_the_end_people_want_and_then_turns() -> None:
    def head(sort: str) -> tuple[str, str]:
        page = page_of(asked(sort=sort))
        column = next(each for each in page.columns if each.key == "w_av")
        return column.order, column.url

    assert head("pick") == ("none", "/classes/2026?sort=-w_av")
    assert head("-w_av") == ("descending", "/classes/2026?sort=w_av")
    assert head("w_av") == ("ascending", "/classes/2026?sort=-w_av")


def test_neighbouring_classes_keep_the_filters() -> None:
    page = page_of(asked(2025, group="QB", page=3), [2026, 2025, 2024])
    assert page.older is not None
    assert page.newer is not None
    assert (page.older.url, page.newer.url) == ("/classes/2024?group=QB", "/classes/2026?group=QB")


def test_downloads_ask_the_api_for_the_same_rows_in_the_same_order() -> None:
    page = page_of(asked(round=2, q="a b", sort="-name", page=2))
    assert page.downloads[0].url == "/api/v1/draft-picks?season=2026&round=2&q=a+b&sort=-pfr_player_name&format=csv"
