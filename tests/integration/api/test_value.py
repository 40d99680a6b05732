"""Hit rates, expected value and the strength of classes, with numbers counted independently from the real files."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from statistics import NormalDist
from time import monotonic
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from app.settings import CHECKOUT
from pipeline.reference.catalog import position_frame

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

GROUPS = "analytics/value-over-expected/groups"
FITTED = pl.col("season").is_between(1994, 2015) & (pl.col("pick") <= 224)


@pytest.fixture(scope="module")
def picks(real_data: Path) -> pl.DataFrame:
    """The file's rows with the position group and the value."""
    [path] = sorted(real_data.rglob("draft_picks_2026*.parquet"))
    return (
        pl.read_parquet(path)
        .join(position_frame(), left_on="position", right_on="code")
        .with_columns(value=pl.col("w_av").cast(pl.Float64).fill_null(0.0), x=pl.col("pick").cast(pl.Float64).log())
    )


@pytest.fixture(scope="module")
def line(picks: pl.DataFrame) -> tuple[float, float]:
    """Intercept and slope by the normal equations."""
    points = picks.filter(FITTED).select("x", "value").rows()
    x_mean, y_mean = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((x - x_mean) ** 2 for x, _ in points)
    return y_mean - slope * x_mean, slope


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The two roots p of (hits/n - p)² = z²·p·(1 - p)/n."""
    z = NormalDist().inv_cdf(0.975)
    a, b, c = 1 + z * z / n, -(2 * hits / n + z * z / n), (hits / n) ** 2
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def table(api: Api, path: str, **parameters: object) -> dict[str, Any]:
    response = api.v1(path, **parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.real_data
def test_known_hit_rates(real_api: Api) -> None:
    scope = {"season_min": 1994, "season_max": 2015, "group_by": "round"}
    wanted = {1: (691, 77.86, 42.84, 0.0), 2: (697, 57.68, 19.66, 1.29), 3: (753, 35.19, 11.02, 3.59), 7: (996, 9.04, 2.41, 26.31)}
    found = {hit: real_api.items("analytics/hit-rates", hit=hit, **scope) for hit in ("seasons_started", "probowls")}
    found["games"] = real_api.items("analytics/hit-rates", hit="games", at_least=1, **scope)
    for starters, bowls, played in zip(*found.values(), strict=True):
        if starters["round"] in wanted:
            n = int(str(starters["n"]))
            rates = [round(100 * float(str(row["rate"])), 2) for row in (starters, bowls)]
            never = round(100 * int(str(played["without_record"])) / n, 2)
            assert (n, *rates, never) == wanted[int(str(starters["round"]))]


@pytest.mark.real_data
@pytest.mark.parametrize(("hit", "at_least"), [("seasons_started", 3), ("w_av", 50), ("games", 100)])
def test_hit_rates_are_those_of_the_raw_rows(real_api: Api, picks: pl.DataFrame, hit: str, at_least: int) -> None:
    found = table(real_api, "analytics/hit-rates", hit=hit, at_least=at_least, group_by="group,decade", side="D")
    assert (found["hit"], found["at_least"]) == (hit, at_least)
    counted = (
        picks.filter(pl.col("position_side") == "D", pl.col("season") <= 2021)
        .group_by("position_group", pl.col("season") // 10 * 10)
        .agg(pl.len(), (pl.col(hit) >= at_least).sum().alias("hits"), pl.col(hit).null_count().alias("null"))
    )
    wanted = {(group, decade): rest for group, decade, *rest in counted.iter_rows()}
    assert len(found["items"]) == len(wanted) == 15
    for row in found["items"]:
        n, hits, null = wanted[row["group"], row["decade"]]
        assert (row["n"], row["hits"], row["without_record"]) == (n, hits, null)
        assert (row["rate"], row["lower"], row["upper"]) == pytest.approx((hits / n, *wilson(hits, n)), abs=1e-6)


@pytest.mark.real_data
def test_young_classes_are_left_out_unless_requested(real_api: Api) -> None:
    found = table(real_api, "analytics/hit-rates")
    assert found["items"][0]["last_season"] == 2021
    assert found["note"].startswith("Classes after 2021 are less than 5 years old")
    for given in ({"season_max": 2030}, {"season": 2024}):
        chosen = table(real_api, "analytics/hit-rates", **given)
        assert (chosen["note"], chosen["items"][0]["last_season"]) == (None, given.get("season", 2026))
    [nothing] = table(real_api, "analytics/hit-rates", season=1900)["items"]
    assert (nothing["n"], nothing["rate"], nothing["upper"]) == (0, None, None)
    assert nothing["note"] == "No selection passes the filters."


@pytest.mark.real_data
def test_known_expected_values(real_api: Api) -> None:
    found = table(real_api, "analytics/expected-value")
    assert (found["n"], round(found["intercept"], 3), round(found["slope"], 3)) == (4926, 80.002, -13.762)
    assert [row["pick"] for row in found["items"]] == list(range(1, 225))
    assert sum(row["n"] for row in found["items"]) == 4926
    best = real_api.items("analytics/value-over-expected", limit=1)[0]
    assert (best["name"], best["pick"], best["w_av"], best["value_over_expected"]) == ("Tom Brady", 199, 184, 176.85)
    [beyond] = real_api.items("analytics/value-over-expected", season=1990, pick=300)
    assert (beyond["value_over_expected"], beyond["expected_note"]) == (None, "The model ends with pick 224.")


@pytest.mark.real_data
def test_value_over_expected_is_that_of_the_raw_rows(real_api: Api, picks: pl.DataFrame, line: tuple[float, float]) -> None:
    residual = picks.with_columns(over=pl.when(pl.col("pick") <= 224).then(pl.col("value") - line[0] - line[1] * pl.col("x")))
    content = real_api.v1("analytics/value-over-expected", format="csv", group="QB", fields="season,pick,value_over_expected").content
    one = pl.read_csv(BytesIO(content)).join(residual, on=["season", "pick"])
    assert one.height == residual.filter(pl.col("position_group") == "QB").height
    assert one.filter((pl.col("value_over_expected") - pl.col("over")).abs() > 0.0051).is_empty()
    assert one["value_over_expected"].null_count() == one["over"].null_count() > 0
    for group, column in (("season", "season"), ("round", "round")):
        summed = residual.filter(pl.col("season") <= 2021).group_by(column).agg(pl.col("over").sum(), pl.col("over").count().alias("n"))
        wanted = {key: (n, over) for key, over, n in summed.iter_rows() if n}
        rows = {row[group]: (row["n"], row["value_over_expected"]) for row in real_api.items(GROUPS, group_by=group) if row["n"]}
        assert rows.keys() == wanted.keys()
        for key, (n, over) in rows.items():
            assert (n, over) == pytest.approx(wanted[int(str(key))], abs=0.0051)
    franchises = real_api.items(GROUPS, group_by="franchise")
    assert len(franchises) == 32
    total = sum(float(str(row["value_over_expected"])) for row in franchises)
    assert total == pytest.approx(residual.filter(pl.col("season") <= 2021)["over"].sum(), abs=0.2)


@pytest.mark.real_data
def test_known_strength_of_classes(real_api: Api, picks: pl.DataFrame, real_data: Path) -> None:
    asked = {"group": "QB", "measure": "johnson", "season": "2024,1999,2021,2018", "sort": "-value"}
    found = real_api.items("analytics/class-strength", **asked)
    assert [(row["season"], row["value"]) for row in found] == [(2024, 11772), (1999, 11023), (2021, 10929), (2018, 8930)]
    # the example of the reference and of docs/analytics.md
    assert [(row["before"], row["difference"]) for row in found[:1]] == [(6742.2, 5029.8)]
    chart = pl.read_csv(next(real_data.rglob("draft_values.csv")))
    points = picks.join(chart, on="pick", how="left").filter(pl.col("position_group") == "WR").group_by("season")
    by_class = {season: (n, johnson) for season, n, johnson in points.agg(pl.len(), pl.col("johnson").sum()).iter_rows()}
    rows = {str(row["measure"]): row for row in real_api.items("analytics/class-strength", group="WR", season=2014)}
    for place, measure in enumerate(("picks", "johnson")):
        earlier = [by_class[season][place] for season in range(2004, 2014)]
        mean, value, row = sum(earlier) / 10, by_class[2014][place], rows[measure]
        assert (row["value"], row["before"], row["difference"]) == pytest.approx((value, mean, value - mean), abs=1e-4)
        assert (row["classes_before"], row["rank"]) == (10, 1 + sum(each > value for each in earlier))
    entries = real_api.items("analytics/athletic-score", group="WR", season=2014, limit=1000)
    scores = [float(str(row["athletic_score"])) for row in entries if row["athletic_score"] is not None]
    assert (rows["athletic_score"]["n"], rows["athletic_score"]["value"]) == (
        len(scores),
        pytest.approx(sum(scores) / len(scores), abs=1e-4),
    )


@pytest.mark.real_data
def test_a_class_without_enough_before_it_says_so(real_api: Api) -> None:
    rows = real_api.items(
        "analytics/class-strength", group="all", measure="picks,athletic_score", season="1980,1985", sort="measure,season"
    )
    assert [(row["value"] is None, row["before"] is None, row["classes_before"], row["note"]) for row in rows] == [
        (True, True, 0, "No entry has an Athletic Score."),
        (True, True, 0, "No entry has an Athletic Score."),
        (False, True, 0, "No class before has this number."),
        (False, False, 5, "Compared with 5 of the 10 classes before."),
    ]


def test_bad_requests_are_refused_and_every_format_is_the_table(league_api: Api) -> None:
    for path, given, words in (
        ("hit-rates", {"hit": "games"}, "A hit by games needs a number"),
        ("hit-rates", {"at_least": 0}, "at_least"),
        ("hit-rates", {"group_by": "colour"}, "Unknown group"),
        ("expected-value", {"pick_max": 225}, "pick_max"),
        ("value-over-expected", {"value_over_expected_min": "nan"}, "value_over_expected_min"),
        ("value-over-expected/groups", {"group_by": "round,round"}, "different groups"),
        ("class-strength", {"group": "XX"}, "group"),
        ("class-strength", {"measure": "rich"}, "measure"),
    ):
        response = league_api.v1(f"analytics/{path}", **given)
        assert (response.status_code, words in response.text) == (422, True), response.text
    for path in ("hit-rates", GROUPS.removeprefix("analytics/"), "expected-value"):
        given = {} if path == "expected-value" else {"group_by": "round,group"}
        found = league_api.items(f"analytics/{path}", **given)
        read_back = pl.read_csv(BytesIO(league_api.v1(f"analytics/{path}", format="csv", **given).content), infer_schema_length=None)
        assert (read_back.columns, read_back.height) == (list(found[0]), len(found))
        assert league_api.v1(f"analytics/{path}", **given).headers["etag"]


@pytest.mark.real_data
def test_the_examples_of_the_documentation(real_api: Api) -> None:
    text = " ".join((CHECKOUT / "docs" / "analytics.md").read_text(encoding="utf-8").split())
    first = real_api.items("analytics/hit-rates", group_by="round", season_min=1994, season_max=2015)[0]
    percent = [f"{100 * float(str(first[name])):.2f}" for name in ("rate", "lower", "upper")]
    assert f"{first['hits']} of {first['n']} first-round picks of 1994 to 2015" in text
    assert f"{percent[0]} %, with an interval from {percent[1]} to {percent[2]} %" in text
    found = table(real_api, "analytics/expected-value", pick_min=199, pick_max=199)
    expected = round(found["intercept"] + found["slope"] * math.log(199), 2)
    assert f"{found['intercept']:.3f} − {-found['slope']:.3f} · ln(199) = {expected}" in text
    assert f"184 − {expected} = {184 - expected:.2f}" in text
    [strength] = real_api.items("analytics/class-strength", group="QB", measure="johnson", season=2024)
    assert f"The {strength['n']} quarterbacks of 2024 cost {strength['value']:,.0f} points by Johnson's chart" in text
    assert f"{strength['before']:,} a class in the ten years before, {strength['difference']:,} more; rank {strength['rank']} of 11" in text


@pytest.mark.real_data
def test_the_line_is_fitted_once_for_any_range_of_picks(real_api: Api) -> None:
    """From the sixth time a connection runs a statement, its plan may be one for any values."""
    began = monotonic()
    for pick in range(205, 225):
        assert len(table(real_api, "analytics/expected-value", pick_max=pick)["items"]) == pick
    assert monotonic() - began < 4  # a fit for each selection takes longer, each time
