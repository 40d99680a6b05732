"""How complete the data are, season by season, and what holds now of what loads have found."""

from __future__ import annotations

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
    whole = league_api.items("quality/completeness", dataset="players")
    assert {each["season"] for each in whole} == {None}
    for wrong in ({"dataset": "players", "by": "season"}, {"dataset": "pick-values", "season": 2019}, {"by": "team"}, {"season": "now"}):
        response = league_api.v1("quality/completeness", **wrong)
        assert response.status_code == 422, (wrong, response.text)
