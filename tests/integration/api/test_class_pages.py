"""A class page shows what the list of draft picks has, in its order."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from app.web.classes.page import PAGE_SIZE, SORTS
from tests.conftest import Server
from tests.integration.api.conftest import Api, serve

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


@pytest.mark.parametrize("query", ["round=1", "group=WR", "group=QB,WR", "franchise=bills,KC", "q=a", "round=2&group=DB&sort=-age"])
def test_every_filter_is_the_lists(league_api: Api, query: str) -> None:
    response = league_api.get(f"/api/v1/draft-picks?season={SEASON}&{query}&fields=pick&limit={PAGE_SIZE}")
    assert shown(league_api, query) == [row["pick"] for row in response.json()["items"]]


@pytest.mark.parametrize("query", ["round=12", "q=!!"])
def test_what_the_class_does_not_have_is_an_empty_table(league_api: Api, query: str) -> None:
    assert shown(league_api, query) == []


def test_a_franchise_and_a_college_of_the_class_are_found(league_api: Api) -> None:
    rows = league_api.items("draft-picks", season=SEASON, fields="pick,franchise,college_slug")
    row = next(each for each in rows if each["college_slug"])
    slug = next(each["slug"] for each in league_api.items("franchises") if each["code"] == row["franchise"])
    assert row["pick"] in shown(league_api, f"franchise={slug}")
    assert row["pick"] in shown(league_api, f"college={row['college_slug']}")


def test_what_the_list_refuses_is_not_an_empty_class(league_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.classes.queries.PICK_FIELDS", ("picks",))
    response = league_api.get(f"/classes/{SEASON}", headers={"accept": "application/json"})
    assert (response.status_code, [each["field"] for each in response.json()["errors"]]) == (422, ["fields"])


def test_a_class_of_any_size_is_complete(server: Server, league_dsn: str, league_exports: Path, tmp_path: Path) -> None:
    """The list returns at most 1,000 rows at once."""

    async def grow(dsn: str) -> int:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "insert into draft_pick select (jsonb_populate_record(d, jsonb_build_object('pick', d.pick + 300 * n))).*"
            " from draft_pick d, generate_series(1, 60) n where season = $1",
            SEASON,
        )
        count: int = await connection.fetchval("select count(*) from draft_pick where season = $1", SEASON)
        await connection.close()
        return count

    assert league_dsn
    with server.new("league") as dsn:
        count = asyncio.run(grow(dsn))
        assert count > 2000
        with serve(dsn, tmp_path, league_exports) as api:
            last = -(-count // PAGE_SIZE)
            rows = api.items("draft-picks", season=SEASON, sort="-pick", limit=count % PAGE_SIZE or PAGE_SIZE, fields="pick")
            assert shown(api, f"page={last}") == [row["pick"] for row in reversed(rows)]
