"""A class page shows what the list of draft picks has, in its order."""

from __future__ import annotations

import re

import pytest

from app.web.class_view import PAGE_SIZE, SORTS
from tests.integration.api.conftest import Api

SEASON = 2020


def shown(api: Api, query: str) -> list[int]:
    response = api.get(f"/classes/{SEASON}?{query}")
    assert response.status_code == 200
    return [int(pick) for pick in re.findall(r'class="pick-cell cell-pick"><b>(\d+)</b>', response.text)]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("key", SORTS)
def test_every_order_is_the_lists(league_api: Api, key: str, sign: str) -> None:
    rows = league_api.items("draft-picks", season=SEASON, sort=f"{sign}{SORTS[key].api}", limit=PAGE_SIZE, fields="pick")
    assert len(rows) > 10
    assert shown(league_api, f"sort={sign}{key}") == [row["pick"] for row in rows]


@pytest.mark.parametrize("query", ["round=1", "group=WR", "q=a", "round=2&group=DB&sort=-age"])
def test_every_filter_is_the_lists(league_api: Api, query: str) -> None:
    response = league_api.get(f"/api/v1/draft-picks?season={SEASON}&{query}&fields=pick&limit={PAGE_SIZE}")
    assert shown(league_api, query) == [row["pick"] for row in response.json()["items"]]


@pytest.mark.parametrize("query", ["franchise=nobody", "college=nowhere", "group=XX", "round=12", "q=!!"])
def test_what_the_class_does_not_have_is_an_empty_table(league_api: Api, query: str) -> None:
    assert shown(league_api, query) == []


def test_a_franchise_and_a_college_of_the_class_are_found(league_api: Api) -> None:
    rows = league_api.items("draft-picks", season=SEASON, fields="pick,franchise,college_slug")
    row = next(each for each in rows if each["college_slug"])
    slug = next(each["slug"] for each in league_api.items("franchises") if each["code"] == row["franchise"])
    assert row["pick"] in shown(league_api, f"franchise={slug}")
    assert row["pick"] in shown(league_api, f"college={row['college_slug']}")
