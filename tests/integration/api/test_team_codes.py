"""Team codes of every system: as filters, and nflverse's as a column wherever a team is shown."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.conftest import Api

CODES = {
    "rams": ("LA", "LAR", "SL", "RAM", "LARM"),
    "chargers": ("SD", "SDG", "LAC", "LACH"),
    "jaguars": ("JAC", "JAX"),
    "commanders": ("WSH", "WAS", "WFT", "washington redskins"),
    "cardinals": ("ARZ", "CRD", "PHX", "St. Louis Cardinals"),
    "ravens": ("BLT", "RAV"),
    "browns": ("CLV",),
    "texans": ("HST", "HTX"),
    "buccaneers": ("TBB", "TAM", "TB"),
    "colts": ("CLT", "Baltimore Colts"),
    "titans": ("OTI", "houston oilers"),
}


def test_codes_of_every_system(league_api: Api) -> None:
    for slug, codes in CODES.items():
        for code in codes:
            assert league_api.v1(f"franchises/{code}").json()["franchise"]["slug"] == slug, code
    assert {row["franchise"] for row in league_api.items("draft-picks", franchise="LA", season=2020, limit=5)} == {"LAR"}
    # the code as recorded in a season comes before those of other systems
    assert {row["franchise"] for row in league_api.items("draft-picks", franchise="STL", season=1987, limit=5)} == {"ARI"}
    unused = league_api.v1("draft-picks", franchise="STL", season=2020).json()["errors"][0]["message"]
    assert unused.startswith("No franchise used STL in 2020: choose another season, or one of ")
    assert "rams (1995-2015)" in unused
    refused = league_api.v1("draft-picks", franchise="STL").json()
    assert "choose one of cardinals (1960-1987), rams (1995-2015)." in str(refused)


def test_the_code_of_nflverse_is_shown_with_every_team(league_api: Api, league_exports: Path) -> None:
    rams = league_api.v1("franchises/rams").json()["franchise"]
    assert (rams["code"], rams["nflverse_team"]) == ("LAR", "LA")
    for path, name in (("draft-picks", "draft_picks"), ("combine", "combine"), ("prospects", None)):
        rows = league_api.items(path, franchise="rams", limit=1000)
        assert rows, path
        assert {(row["franchise"], row["nflverse_team"]) for row in rows} - {(None, None)} == {("LAR", "LA")}, path
        streamed = csv.DictReader(io.StringIO(league_api.v1(path, franchise="rams", format="csv").text))
        assert {row["nflverse_team"] for row in streamed} - {""} == {"LA"}, path
        if name is not None:
            exported = pl.read_parquet(league_exports / f"{name}-v1.parquet")
            assert exported.filter(franchise="LAR")["nflverse_team"].unique().to_list() == ["LA"]
    legs = league_api.items("trades", gave="rams", limit=1000)
    assert {(leg["gave_franchise"], leg["gave_nflverse_team"]) for leg in legs} == {("LAR", "LA")}
    trade = league_api.v1(f"trades/{legs[0]['trade_id']}").json()
    assert {leg["gave_nflverse_team"] for leg in trade["legs"] if leg["gave_franchise"] == "LAR"} == {"LA"}
    assert {side["nflverse_team"] for side in trade["sides"] if side["franchise"] == "LAR"} == {"LA"}
    became = [leg["became"] for leg in trade["legs"] if leg["became"]]
    assert all(each["nflverse_team"] == ("LA" if each["franchise"] == "LAR" else each["franchise"]) for each in became)


@pytest.mark.real_data
def test_every_code_of_the_published_list(real_api: Api, real_data: Path) -> None:
    """Each system but PFF's numbers, in three seasons of the list."""
    codes = {row["name"]: row["code"] for row in real_api.v1("franchises").json()["items"]}
    codes["Washington Football Team"] = "WAS"
    teams = pl.read_csv(real_data / "nfldata" / "teams.csv")
    now = dict(teams.sort("season").select("nfl_team_id", "full").iter_rows())
    listed = teams.filter(pl.col("season").is_in([2002, 2015, 2021])).unpivot(
        ["team", "nfl", "pfr", "pfflabel", "fo"], index=["season", "nfl_team_id"]
    )
    for season, team, _, code in listed.drop_nulls().unique(["season", "value", "nfl_team_id"]).iter_rows():
        [row] = real_api.items("draft-picks", franchise=code, season=season, limit=1, fields="franchise")
        assert row["franchise"] == codes[now[team]], (code, season)
