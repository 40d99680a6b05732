"""How complete the data are, season by season, and what holds now of what loads have found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest

from app.datasets import DATASETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.conftest import Api


@pytest.mark.real_data
def test_completeness_by_season_is_that_of_the_file(real_api: Api, real_data: Path) -> None:
    for name, pattern in (("draft_picks", "draft_picks_*.parquet"), ("combine", "combine_*.parquet")):
        [path] = real_data.glob(f"nflverse/{pattern}")
        file = pl.read_parquet(path).with_columns(pl.col(pl.String).replace("", None))
        fields = [field for field in file.columns if field in DATASETS[name].field_names]
        counted = file.group_by("season").agg(pl.len().alias("rows"), *(pl.col(field).count().alias(f"n_{field}") for field in fields))
        expected = {(row["season"], field): (row[f"n_{field}"], row["rows"]) for row in counted.to_dicts() for field in fields}
        items = real_api.items("quality/completeness", dataset=name, by="season")
        found = {(each["season"], each["field"]): (each["filled"], each["total"]) for each in items if each["field"] in fields}
        assert found == expected
    [height] = (each for each in real_api.items("quality/completeness", dataset="combine", season=2021) if each["field"] == "height_in")
    assert (height["filled"], height["total"], height["percent"], height["dead"]) == (435, 464, 93.75, False)


def test_completeness_of_chosen_seasons(league_api: Api) -> None:
    items = league_api.items("quality/completeness", season="2019,2021")
    assert {each["season"] for each in items} == {2019, 2021}
    assert {each["dataset"] for each in items} == {"draft_picks", "combine", "trades"}
    assert league_api.items("quality/completeness", season=1900) == []
    written = league_api.v1("quality/completeness", season="2019,2021", format="csv")
    assert written.headers["content-type"].startswith("text/csv")
    assert pl.read_csv(written.content).to_dicts() == items
    whole = league_api.items("quality/completeness", dataset="players")
    assert {each["season"] for each in whole} == {None}
    for wrong in ({"dataset": "players", "by": "season"}, {"dataset": "pick-values", "season": 2019}, {"by": "team"}, {"season": "now"}):
        response = league_api.v1("quality/completeness", **wrong)
        assert response.status_code == 422, (wrong, response.text)


def test_the_page_shows_the_numbers_of_the_api(league_api: Api) -> None:
    page = league_api.get("/quality?dataset=combine&season=2019")
    assert page.status_code == 200
    items = league_api.items("quality/completeness", dataset="combine", by="season")
    strips = dict(re.findall(r'aria-label="(\w+): .*?>(<rect.*?)</svg>', page.text))
    assert list(strips) == list(dict.fromkeys(each["field"] for each in items))
    shown = re.findall(r"<title>(\d+): ([\d.]+) %, ([\d,]+) of ([\d,]+)</title>", strips["cone"])
    cones = [each for each in items if each["field"] == "cone"]
    assert [(int(season), int(filled), int(total)) for season, _, filled, total in shown] == [
        (each["season"], each["filled"], each["total"]) for each in cones
    ]
    assert all(float(percent) == pytest.approx(each["percent"], abs=0.06) for (_, percent, _, _), each in zip(shown, cones, strict=True))
    assert '<th scope="col" class="num">2019</th>' in page.text
    first = league_api.items("quality/findings", dataset="combine", limit=1)[0]
    assert f"number {first['issue_id']}" in page.text
    by_rule = re.findall(r"<li><b>(\d+)</b> \w+</li>", page.text)
    assert sum(map(int, by_rule)) == league_api.v1("quality/findings", dataset="combine", limit=1).json()["total"]
    assert "Players" in league_api.get("/quality?dataset=players").text
    # the first data set that is loaded
    assert "<h1>Quality of the draft picks</h1>" in league_api.get("/quality").text


@pytest.mark.parametrize(
    ("query", "status"),
    [("dataset=nothing", 422), ("season=next", 422), ("season=²⁰¹⁹", 422), ("season=1901", 404), ("dataset=players&season=2019", 404)],
)
def test_a_page_that_does_not_exist_says_so(league_api: Api, query: str, status: int) -> None:
    assert league_api.get(f"/quality?{query}", headers={"accept": "text/html"}).status_code == status
