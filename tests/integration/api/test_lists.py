"""Every list, whatever it is sorted, filtered and cut by: the right rows, each once, and never a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.changes import queries as changes
from app.colleges import queries as colleges
from app.combine import queries as combine
from app.datasets.combine import COMBINE
from app.draft_picks import queries as draft_picks
from app.etl_runs import queries as etl_runs
from app.listing.model import Kind, Listing
from app.people import queries as people
from app.quality import queries as quality

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.integration.api.conftest import Api

LISTS: dict[str, Listing] = {
    "draft-picks": draft_picks.LISTING,
    "combine": combine.LISTING,
    "people": people.LISTING,
    "colleges": colleges.LISTING,
    "changes": changes.LISTING,
    "etl/runs": etl_runs.LISTING,
    "quality/issues": quality.ISSUES,
    "quality/findings": quality.FINDINGS,
    "quality/decisions": quality.DECISIONS,
}
BOUNDED = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sortable(listing: Listing) -> list[str]:
    return [name for name, field in listing.fields.items() if field.kind is not Kind.TIMESTAMP]


@pytest.mark.parametrize(
    ("path", "sort"), [(path, f"{sign}{name}") for path, listing in LISTS.items() for name in sortable(listing) for sign in ("", "-")]
)
def test_every_sort_walks_the_whole_list_once(league_api: Api, path: str, sort: str) -> None:
    """Two pages at the start, then one cursor that lies among the nulls if there are any: all rows, no row twice, in order."""
    name = sort.removeprefix("-")
    keys = LISTS[path].tie_break
    fields = ",".join(dict.fromkeys((name, *keys)))
    whole: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        response = league_api.v1(path, sort=sort, fields=fields, limit=1000, **cursor)
        assert response.status_code == 200, response.text
        page = response.json()
        whole += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(whole) == page["total"] == len({tuple(row[key] for key in keys) for row in whole})
    values = [row[name] for row in whole]
    filled = [value for value in values if value is not None]
    assert values[: len(filled)] == filled, "nulls are last"
    assert filled == sorted(filled, reverse=sort.startswith("-"))  # type: ignore[type-var]


@BOUNDED
@given(st.data())
def test_paging_finds_the_same_rows_as_one_large_page(league_api: Api, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(["draft-picks", "combine"]))
    names = data.draw(st.lists(st.sampled_from(sortable(LISTS[path])), min_size=1, max_size=4, unique=True))
    sort = ",".join(("-" if data.draw(st.booleans()) else "") + name for name in names)
    filters: dict[str, object] = {"season": data.draw(st.integers(2018, 2024)), "group": data.draw(st.sampled_from(["WR", "DB", "OL"]))}
    keys = LISTS[path].tie_break
    expected = league_api.items(path, sort=sort, fields=",".join(keys), limit=1000, **filters)
    limit = data.draw(st.integers(1, 7))
    found: list[dict[str, object]] = []
    cursor: dict[str, object] = {}
    for _ in range(len(expected) + 1):
        page = league_api.v1(path, sort=sort, fields=",".join(keys), limit=limit, **filters, **cursor).json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == expected


@BOUNDED
@given(st.data())
def test_filters_let_through_what_they_say(league_api: Api, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(1980, 2026), st.integers(1980, 2026))))
    first, last = sorted(data.draw(st.tuples(st.integers(1, 260), st.integers(1, 260))))
    group = data.draw(st.sampled_from(["QB", "RB", "WR", "TE", "OL", "DL", "LB", "DB", "ST"]))
    everything = league_api.items("draft-picks", season_min=low, season_max=high, limit=1000)
    some = league_api.items("draft-picks", season_min=low, season_max=high, pick_min=first, pick_max=last, group=group, limit=1000)
    if len(everything) < 1000:
        expected = [each for each in everything if first <= each["pick"] <= last and each["position_group"] == group]  # type: ignore[operator]
        assert some == expected
    assert all(low <= each["season"] <= high and each["position_group"] == group for each in some)  # type: ignore[operator]


RANGES = {each.name.removesuffix("_min"): each.about for each in COMBINE.filters if each.type == "measure" and "_min" in each.name}


@pytest.mark.parametrize("stem", list(RANGES))
def test_every_drill_filters_by_range(league_api: Api, stem: str) -> None:
    column = RANGES[stem]
    entries = league_api.items("combine", fields=f"{column},season,person_id", limit=1000, sort=column)
    values = sorted(each[column] for each in entries if each[column] is not None)  # type: ignore[type-var]
    low, high = values[len(values) // 3], values[2 * len(values) // 3]
    found = league_api.items("combine", fields=column, limit=1000, sort=column, **{f"{stem}_min": low, f"{stem}_max": high})
    assert [each[column] for each in found] == [value for value in values if low <= value <= high][:1000]  # type: ignore[operator]


def test_fields_come_in_the_order_asked_for(league_api: Api) -> None:
    row = league_api.items("draft-picks", fields="pick,name,season,pick", limit=1)[0]
    assert list(row) == ["pick", "name", "season"]
    assert list(league_api.items("draft-picks", fields="*", limit=1)[0]) == list(draft_picks.FIELDS)
    assert list(league_api.items("people", fields="name,selections", limit=1)[0]) == ["name", "selections"]


def test_external_ids_and_seasons_find_people(league_api: Api) -> None:
    pick = league_api.items("draft-picks", fields="pfr_player_id,person_id,season", sort="pfr_player_id", limit=1)[0]
    assert [each["person_id"] for each in league_api.items("people", pfr_id=pick["pfr_player_id"])] == [pick["person_id"]]
    in_season = {each["person_id"] for each in league_api.items("people", season=pick["season"], limit=1000)}
    assert pick["person_id"] in in_season


@pytest.mark.anyio
async def test_pages_stay_put_while_a_load_changes_rows(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    """Rows that come and go before the cursor move nothing behind it."""
    with serving(league) as api:
        season = api.items("draft-picks", sort="-season", limit=1)[0]["season"]
        whole = [each["pick"] for each in api.items("draft-picks", season=season, limit=1000)]
        first = api.v1("draft-picks", season=season, limit=10).json()
        connection = await asyncpg.connect(league)
        await connection.execute("delete from draft_pick where season = $1 and pick = any($2)", season, whole[2:5])
        await connection.execute("update draft_pick set w_av = coalesce(w_av, 0) + 1 where season = $1", season)
        await connection.execute("update dataset set version = version + 1 where dataset = 'draft_picks'")
        await connection.execute("notify dataset_changed")
        await connection.close()
        seen, cursor = [each["pick"] for each in first["items"]], first["next"]
        while cursor:
            page = api.v1("draft-picks", season=season, limit=10, cursor=cursor).json()
            seen += [each["pick"] for each in page["items"]]
            cursor = page["next"]
    assert seen == whole


def test_people_are_suggested_for_a_misspelt_name_alone(league_api: Api) -> None:
    name = str(league_api.items("people", limit=1)[0]["name"])
    found, misspelt = league_api.v1("people", q=name).json(), league_api.v1("people", q=f"{name}xq").json()
    assert (misspelt["total"], misspelt["items"], misspelt["next"]) == (0, [], None)
    assert name in misspelt["suggestions"]
    assert "suggestions" not in found
    assert "suggestions" not in league_api.v1("people", q=name, season=1936).json(), "the name is right"
    assert league_api.v1("people", q="xqxq").json()["suggestions"] == []
