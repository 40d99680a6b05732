"""Aggregates, compared cell by cell with polars on the rows of the list, and refused where they mean nothing."""

from __future__ import annotations

import random
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.api.conftest import Api

GROUPS = {
    "season": "season",
    "position": "position_leaf",
    "group": "position_group",
    "franchise": "franchise",
    "college": "college_slug",
    "decade": "decade",
}
FIELDS = {
    "draft-picks": ("w_av", "games", "seasons_started", "age"),
    "combine": ("forty", "wt", "vertical", "height_in"),
    "prospects": ("forty", "bmi", "w_av", "age"),
}
FILTERS: dict[str, tuple[dict[str, str], ...]] = {
    "draft-picks": ({}, {"round": "1"}, {"group": "WR"}),
    "combine": ({}, {"forty_max": "4.6"}, {"group": "DB"}),
    "prospects": ({}, {"forty_max": "4.6", "group": "DB"}, {"round": "1"}),
}


def rows(api: Api, path: str) -> pl.DataFrame:
    """Return the rows of a list, with the decade of each."""
    content = api.v1(path, format="csv", fields="*").content
    return pl.read_csv(BytesIO(content), infer_schema_length=None).with_columns(decade=pl.col("season") // 10 * 10)


@pytest.mark.parametrize("path", ["draft-picks", "combine", "prospects"])
def test_random_aggregates_equal_polars(league_api: Api, path: str) -> None:
    chosen = random.Random(14)
    all_rows = rows(league_api, path)
    names = GROUPS | ({"round": "draft_round", "pick": "draft_ovr"} if path == "combine" else {"round": "round", "pick": "pick"})
    kept = {
        "round": pl.col(names["round"]) == 1,
        "group": pl.col("position_group") == ("WR" if path == "draft-picks" else "DB"),
        "forty_max": pl.col("forty") <= 4.6 if path != "draft-picks" else pl.lit(True),
    }
    for _ in range(50):
        groups = chosen.sample(sorted(names), chosen.randint(0, 3))
        field, bound, level = chosen.choice(FIELDS[path]), chosen.choice((1, 3, 4.5, 70)), chosen.choice((0.1, 0.25, 0.9))
        given = chosen.choice(FILTERS[path])
        who = f"who_min:{field},who_max:{field}"
        measures = f"count,mean:{field},median:{field},quantile:{field}:{level},share:{field}>={bound},min:{field},max:{field},{who}"
        asked = {"measures": measures, **given} | ({"group_by": ",".join(groups)} if groups else {})
        items = league_api.items(f"aggregate/{path}", **asked)
        wanted = (
            all_rows.filter(*(kept[name] for name in given))
            .group_by([pl.col(names[group]).alias(group) for group in groups] or [pl.lit(1).alias("all")])
            .agg(
                pl.len().alias("count"),
                pl.col(field).mean().alias("mean"),
                pl.col(field).median().alias("median"),
                pl.col(field).quantile(level, "linear").alias("quantile"),
                (pl.col(field) >= bound).sum().truediv(pl.len()).alias("share"),
                pl.col(field).min().alias("min"),
                pl.col(field).max().alias("max"),
                pl.col("name").filter(pl.col(field) == pl.col(field).min()).min().alias("who_min"),
                pl.col("name").filter(pl.col(field) == pl.col(field).max()).min().alias("who_max"),
            )
        )
        expected = {tuple(row[: max(len(groups), 1)]): row[max(len(groups), 1) :] for row in wanted.iter_rows()}
        got = {tuple(item[group] for group in groups) or (1,): tuple(item.values())[len(groups) :] for item in items}
        assert got.keys() == expected.keys(), asked
        for key, cells in got.items():
            assert [cell is None for cell in cells] == [cell is None for cell in expected[key]], (asked, key)
            assert cells[-2:] == expected[key][-2:], (asked, key)
            assert [cell or 0 for cell in cells[:-2]] == pytest.approx([cell or 0 for cell in expected[key][:-2]], rel=1e-9), (asked, key)


@pytest.mark.parametrize("others", ["", ",median:forty", ",median:wt,median:forty"])
def test_sums_numbers_of_values_and_shares_of_flags(league_api: Api, others: str) -> None:
    """Each way in which a statement is made finds the same."""
    measures = "count:forty,sum:forty,mean:forty,share:forty<4.6,share:forty>4.6,share:drafted=false,share:edge=TRUE"
    items = league_api.items("aggregate/prospects", group_by="group", measures=measures + others)
    wanted = (
        rows(league_api, "prospects")
        .group_by("position_group")
        .agg(
            pl.col("forty").count(),
            pl.col("forty").sum().alias("sum"),
            pl.col("forty").mean().alias("mean"),
            *(
                compared.fill_null(value=False).mean().alias(name)
                for name, compared in (
                    ("below", pl.col("forty") < 4.6),
                    ("above", pl.col("forty") > 4.6),
                    ("undrafted", ~pl.col("drafted")),
                    ("edges", pl.col("edge")),
                )
            ),
        )
    )
    names = ["count_forty", "sum_forty", "mean_forty", "share_forty_below_4.6", "share_forty_above_4.6"]
    names += ["share_drafted_is_false", "share_edge_is_true"]
    assert {row["group"]: [row[name] for name in names] for row in items} == {
        group: [pytest.approx(cell) for cell in cells] for group, *cells in wanted.iter_rows()
    }


def test_quantiles_of_two_fields_are_those_of_each_alone(league_api: Api) -> None:
    asked = {"group_by": "round", "measures": "median:w_av,quantile:games:0.9,mean:age"}
    together = league_api.items("aggregate/draft-picks", **asked)
    for measure in asked["measures"].split(","):
        alone = league_api.items("aggregate/draft-picks", group_by="round", measures=measure)
        assert [{name: row[name] for name in alone[0]} for row in together] == alone


def test_no_row_is_counted_as_0_and_measured_as_null(league_api: Api) -> None:
    asked = {"season": "1936", "measures": "count,mean:w_av,median:w_av,share:w_av>=1,share:games>=1"}
    assert [*league_api.items("aggregate/draft-picks", **asked)[0].values()] == [0, None, None, None, None]
    assert league_api.items("aggregate/draft-picks", group_by="round", **asked) == []


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_every_format_has_the_same_cells(league_api: Api, form: str) -> None:
    asked = {"group_by": "decade,group", "measures": "count,mean:w_av,quantile:w_av:0.9,share:games>=16"}
    items = league_api.items("aggregate/draft-picks", **asked)
    content = league_api.v1("aggregate/draft-picks", format=form, **asked).content
    readers: dict[str, Callable[[bytes], pl.DataFrame]] = {"csv": pl.read_csv, "ndjson": pl.read_ndjson, "json": pl.read_json}
    cells = [cell for item in items for cell in item.values()]
    read_back = [cell for row in readers[form](content).iter_rows() for cell in row]
    assert len(read_back) == len(cells)
    for one, other in zip(read_back, cells, strict=True):
        assert one == (pytest.approx(other) if isinstance(other, float) else other)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"group_by": "colour"}, "position"),
        ({"group_by": "season,season"}, "different"),
        ({"group_by": "season,round,group,college"}, "up to 3"),
        ({"group_by": "positon"}, 'Did you mean \\"position\\"? Choose from season'),
        ({"measures": "mode:w_av"}, "median:FIELD"),
        ({"measures": "share:w_av>=1_0"}, "Invalid number"),
        ({"measures": "quantile:w_av:+0.5"}, "Invalid number"),
        ({"measures": "maen:w_av"}, 'Did you mean \\"mean\\"? Choose from count'),
        ({"measures": "mean:wav"}, 'Did you mean \\"w_av\\"? Fields with numbers: '),
        ({"measures": "mean:pfr_player_name"}, "seasons_started"),
        ({"measures": "mean"}, "seasons_started"),
        ({"measures": "corr:w_av"}, "Cannot measure ''"),
        ({"measures": "corr:w_av:name"}, "Cannot measure 'name'"),
        ({"sort": "w_av"}, "Known fields: count"),
        ({"sort": "-count,season"}, "Cannot sort by 'season'"),
        ({"limit": "0"}, "must be at least 1"),
        ({"measures": "quantile:w_av:1.5"}, "between 0 and 1"),
        ({"measures": "quantile:w_av:nan"}, "between 0 and 1"),
        ({"measures": "share:games>=٣"}, "Invalid number"),
        ({"measures": "share:games"}, "Invalid number"),
        ({"measures": "share:hof=1"}, "a flag is true or false"),
        ({"measures": "share:hof>=true"}, "a flag is true or false"),
        ({"measures": "mean:hof"}, "Cannot measure 'hof'"),
        ({"measures": "share:name=true"}, "dr_av"),
        ({"measures": "mean:w_av'); drop table draft_pick; --"}, "Fields with numbers"),
        ({"offset": "5"}, "Unknown query parameter"),
        ({"season_min": "2020", "season_max": "2010"}, "season_min"),
    ],
)
def test_what_means_nothing_is_refused_with_the_choices(league_api: Api, asked: dict[str, str], named: str) -> None:
    response = league_api.v1("aggregate/draft-picks", **asked)
    assert response.status_code == 422
    assert named in response.text


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("aggregate/draft-picks", {"group_by": "franchise,round", "measures": "mean:w_av", "sort": "-mean_w_av"}),
        ("analytics/hit-rates", {"group_by": "franchise", "sort": "-rate,franchise"}),
        ("analytics/value-over-expected/groups", {"group_by": "franchise", "sort": "-value_over_expected"}),
    ],
)
def test_the_first_rows_in_another_order(league_api: Api, path: str, asked: dict[str, str]) -> None:
    column = asked["sort"].partition(",")[0].removeprefix("-")
    plain = league_api.items(path, **{name: value for name, value in asked.items() if name != "sort"})
    highest = sorted(plain, key=lambda row: -float(str(row[column] or "-inf")))[:4]
    response = league_api.v1(path, limit=4, **asked).json()
    assert response["items"] == highest
    assert response["total"] == len(plain) > 4
    assert len(league_api.v1(path, limit=4, format="csv", **asked).text.splitlines()) == 5


def test_two_fields_and_the_names_at_the_ends(league_api: Api) -> None:
    known = rows(league_api, "combine").filter(position_leaf="WR")
    pairs = known.drop_nulls(["forty", "wt"])
    measures = "min:forty,who_min:forty,max:wt,who_max:wt,corr:forty:wt,pairs:forty:wt,who_max:draft_ovr"
    [found] = league_api.items("aggregate/combine", position="WR", measures=measures)
    best = known.sort("forty", "name", nulls_last=True).row(0, named=True)
    heaviest = known.sort("wt", "name", descending=[True, False], nulls_last=True).row(0, named=True)
    assert (found["min_forty"], found["who_min_forty"]) == (best["forty"], best["name"])
    assert (found["max_wt"], found["who_max_wt"]) == (heaviest["wt"], heaviest["name"])
    [ends] = league_api.items("aggregate/combine", position="WR", measures="min:forty,max:wt")
    assert ends == {"min_forty": best["forty"], "max_wt": heaviest["wt"]}
    assert found["corr_forty_wt"] == pytest.approx(pairs.select(pl.corr("forty", "wt")).item(), abs=5e-5)
    assert found["pairs_forty_wt"] == pairs.height
    [undrafted] = league_api.items("aggregate/combine", position="WR", drafted="false", season_max=2003, measures="who_max:draft_ovr")
    assert undrafted == {"who_max_draft_ovr": None}
    [prospects] = league_api.items("aggregate/prospects", position="WR", measures="who_max:wt")
    assert prospects == {"who_max_wt": heaviest["name"]}


@pytest.mark.real_data
def test_known_numbers_of_the_real_files(real_api: Api) -> None:
    asked = {"group_by": "round", "season_min": 1994, "season_max": 2015, "measures": "count,share:seasons_started>=3,share:probowls>=1"}
    by_round = {item.pop("round"): tuple(item.values()) for item in real_api.items("aggregate/draft-picks", **asked)}
    assert by_round[1] == pytest.approx((691, 0.7786, 0.4284), abs=5e-5)
    assert by_round[2] == pytest.approx((697, 0.5768, 0.1966), abs=5e-5)
    assert by_round[3] == pytest.approx((753, 0.3519, 0.1102), abs=5e-5)
    assert by_round[7] == pytest.approx((996, 0.0904, 0.0241), abs=5e-5)
    quantiles = ",".join(f"quantile:forty:{level}" for level in (0.1, 0.25, 0.5, 0.75, 0.9))
    assert [*real_api.items("aggregate/combine", position="WR", measures=quantiles)[0].values()] == pytest.approx(
        [4.37, 4.43, 4.5, 4.57, 4.63]
    )


@pytest.mark.real_data
def test_more_groups_than_a_page_holds_are_streamed(real_api: Api) -> None:
    asked = {"group_by": "season,college,position"}
    refused = real_api.v1("aggregate/draft-picks", **asked)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "group_by")
    assert len(real_api.v1("aggregate/draft-picks", format="csv", **asked).content.splitlines()) > 5_000
