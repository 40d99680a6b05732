"""Percentiles, Athletic Score, comparables and comparisons, with numbers counted independently from the real files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from app.datasets.combine import DRILLS
from app.settings import CHECKOUT
from pipeline.reference.catalog import position_frame

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

TIMES = ("forty", "cone", "shuttle")


def person(api: Api, name: str, season: int) -> int:
    """The id of the one person of this name at the combine of a season."""
    [entry] = api.items("combine", name=name, season=season)
    return int(str(entry["person_id"]))


def about(api: Api, name: str, season: int, what: str, **parameters: object) -> dict[str, Any]:
    response = api.v1(f"people/{person(api, name, season)}/{what}", **parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture(scope="module")
def entries(real_data: Path) -> pl.DataFrame:
    """The file's rows with inches, leaf and group, made here from the raw text."""
    [path] = sorted(real_data.rglob("combine_*.parquet"))
    feet = pl.col("ht").str.split("-").list
    return (
        pl.read_parquet(path)
        .with_columns(height_in=feet.get(0).cast(pl.Int64) * 12 + feet.get(1).cast(pl.Int64))
        .join(position_frame(), left_on="pos", right_on="code")
    )


def places(values: pl.Series, drill: str) -> list[float | None]:
    """100·(less + equal/2)/n of each value, counted value by value."""
    known = values.drop_nulls().to_list()
    shares = {each: sum((other < each) + (other == each) / 2 for other in known) / len(known) for each in set(known)}
    return [None if each is None else 100 * (1 - shares[each] if drill in TIMES else shares[each]) for each in values]


@pytest.mark.real_data
def test_percentiles_of_receivers(real_api: Api) -> None:
    for name, season, forty, percentile in (
        ("Xavier Worthy", 2024, 4.21, 99.96), ("D.K. Metcalf", 2019, 4.33, 96.26),
    ):  # fmt: skip
        found = about(real_api, name, season, "percentiles")
        [drill] = [each for each in found["drills"] if each["drill"] == "forty"]
        assert drill == {"drill": "forty", "value": forty, "percentile": percentile, "n": 1162, "scope": "WR", "note": None}
    listed = {}
    for row in real_api.items("analytics/athletic-score", position="WR", fields="forty,forty_percentile,forty_n,forty_scope", limit=1000):
        listed[row["forty"]] = (row["forty_percentile"], row["forty_n"], row["forty_scope"])
    assert {forty: listed[forty] for forty in (4.21, 4.33, 4.4, 4.5, 4.6)} == {
        4.21: (99.96, 1162, "WR"), 4.33: (96.26, 1162, "WR"), 4.4: (84.64, 1162, "WR"), 4.5: (51.98, 1162, "WR"), 4.6: (17.25, 1162, "WR"),
    }  # fmt: skip


@pytest.mark.real_data
def test_the_chosen_classes_are_compared(real_api: Api, entries: pl.DataFrame) -> None:
    metcalf = entries.filter(pl.col("player_name") == "D.K. Metcalf").row(0, named=True)
    for parameters, chosen in (
        ({"season_min": 2010, "season_max": 2015}, pl.col("season").is_between(2010, 2015)),
        ({"earlier_only": True}, pl.col("season") < 2019),
    ):
        pool = entries.filter(chosen, pl.col("position_leaf") == "WR")
        found = about(real_api, "D.K. Metcalf", 2019, "percentiles", **parameters)
        for drill in found["drills"]:
            values = pool[drill["drill"]].drop_nulls()
            share = sum((each < metcalf[drill["drill"]]) + (each == metcalf[drill["drill"]]) / 2 for each in values) / len(values)
            expected = 100 * (1 - share if drill["drill"] in TIMES else share)
            assert (drill["n"], drill["percentile"]) == (len(values), pytest.approx(expected, abs=0.00501))


@pytest.mark.real_data
def test_the_whole_list_equals_the_definition(real_api: Api, entries: pl.DataFrame) -> None:
    """Every percentile and score, recomputed from the raw rows of each role."""
    response = real_api.v1("analytics/athletic-score", format="csv", fields="*", sort="season")
    rows = {(row["season"], row["player_name"], row["wt"], row["school"], row["pos"]): row
            for row in pl.read_csv(response.content, infer_schema_length=None).iter_rows(named=True)}  # fmt: skip
    assert response.text.count("\n") == 8_969
    compared = 0
    for scope, pool in entries.group_by("position_leaf", maintain_order=True):
        percentiles = {drill: places(pool[drill], drill) for drill in DRILLS}
        whole = entries.filter(pl.col("position_group") == pool["position_group"][0])
        among_group = {drill: dict(zip(whole[drill], places(whole[drill], drill), strict=True)) for drill in DRILLS}
        scores = [[each / 10 for drill in DRILLS if (each := percentiles[drill][i]) is not None] for i in range(len(pool))]
        means = pl.Series([round(math.fsum(each) / len(each), 9) if len(each) >= 5 else None for each in scores])
        ranked = places(means, "mean")
        for i, entry in enumerate(pool.iter_rows(named=True)):
            row = rows[entry["season"], entry["player_name"], entry["wt"], entry["school"], entry["pos"]]
            for drill in DRILLS:
                few = pool[drill].count() < 20
                expected = among_group[drill][entry[drill]] if few else percentiles[drill][i]
                if entry[drill] is None:
                    assert (row[f"{drill}_percentile"], row[f"{drill}_n"], row[f"{drill}_scope"]) == (None, None, None)
                    continue
                assert row[f"{drill}_percentile"] == pytest.approx(expected, abs=0.00501), (entry["player_name"], drill)
                assert row[f"{drill}_n"] == (whole if few else pool)[drill].count()
                assert row[f"{drill}_scope"] == (pool["position_group"][0] if few else scope[0])
                compared += 1
            score = ranked[i]
            assert row["athletic_score"] == (None if score is None else pytest.approx(score / 10, abs=0.000501)), entry["player_name"]
            assert (row["athletic_n"], row["athletic_metrics"]) == (means.count(), len(scores[i]))
            assert (row["athletic_note"] is None) == (score is not None)
    assert compared > 50_000


@pytest.mark.real_data
def test_athletic_scores(real_api: Api) -> None:
    for name, season, score in (("D.K. Metcalf", 2019, 9.208), ("Julio Jones", 2011, 9.854), ("Justin Jefferson", 2020, 8.481)):
        found = about(real_api, name, season, "athletic-score")["athletic_score"]
        assert (found["score"], found["n"], found["scope"], found["note"]) == (score, 991, "WR", None)
    johnson = about(real_api, "Calvin Johnson", 2007, "athletic-score")["athletic_score"]
    assert (johnson["score"], johnson["metrics"]) == (None, 3)
    assert johnson["note"] == "3 of 8 measurements; at least 5 are needed"
    best = real_api.items("analytics/athletic-score", position="WR", athletic_score_min=9.2, drafted=True, limit=1000)
    assert [row["athletic_score"] for row in best] == sorted((row["athletic_score"] for row in best), key=float, reverse=True)  # type: ignore[arg-type]
    assert {"D.K. Metcalf", "Julio Jones"} <= {row["name"] for row in best}


@pytest.mark.real_data
def test_one_person_and_the_list_agree(real_api: Api) -> None:
    for row in real_api.items("analytics/athletic-score", fields="*", sort="bench,vertical", limit=1000)[::90]:
        one = real_api.v1(f"people/{row['person_id']}/athletic-score", visit=row["season"]).json()["athletic_score"]
        assert (one["score"], one["metrics"], one["note"]) == (row["athletic_score"], row["athletic_metrics"], row["athletic_note"])
        for drill in real_api.v1(f"people/{row['person_id']}/percentiles", visit=row["season"]).json()["drills"]:
            assert drill["percentile"] == row[f"{drill['drill']}_percentile"], row["name"]
            assert drill["scope"] == row[f"{drill['drill']}_scope"]
    earlier = about(real_api, "D.K. Metcalf", 2019, "athletic-score", earlier_only=True)
    assert earlier["classes"] == {"season_min": None, "season_max": 2018}
    assert earlier["athletic_score"]["n"] < 991


@pytest.mark.real_data
def test_comparables_of_a_receiver(real_api: Api) -> None:
    found = about(real_api, "D.K. Metcalf", 2019, "comparables", limit=3)
    assert [(each["name"], each["season"], each["distance"]) for each in found["comparables"]] == [
        ("Andre Johnson", 2003, 0.4828), ("Jeff Caldwell", 2026, 0.5794), ("Isaiah Neyor", 2025, 0.5927),
    ]  # fmt: skip
    assert (found["n"], found["scope"], found["note"], found["comparables"][0]["similarity"]) == (990, "WR", None, 61.71)
    assert found["comparables"][0]["selections"][0]["pick"] == 3
    earlier = about(real_api, "D.K. Metcalf", 2019, "comparables", earlier_only=True, limit=100)
    assert earlier["comparables"][0] == found["comparables"][0]
    assert {each["season"] < 2019 for each in earlier["comparables"]} == {True}
    few = about(real_api, "Calvin Johnson", 2007, "comparables")
    assert (few["comparables"], few["n"], few["note"]) == ([], 0, "3 of 8 measurements; at least 5 are needed")


@pytest.mark.real_data
def test_comparables_of_every_role_equal_the_definition(real_api: Api, entries: pl.DataFrame) -> None:
    """One entry of each role, against distances counted from the raw rows."""
    checked = 0
    for scope, pool in entries.sort("season", "player_name").group_by("position_leaf", maintain_order=True):
        whole = pool.filter(pl.sum_horizontal(pl.col(drill).is_not_null() for drill in DRILLS) >= 7)
        if whole.is_empty():
            continue
        mine = whole.row(len(whole) // 2, named=True)
        rows = real_api.items("combine", season=mine["season"], name=mine["player_name"])
        [person_id] = {row["person_id"] for row in rows if row["wt"] == mine["wt"]}
        spread = {drill: pool[drill].std(ddof=0) for drill in DRILLS}
        distances = []
        for other in pool.iter_rows(named=True):
            squares = [
                ((other[drill] - mine[drill]) / spread[drill]) ** 2
                for drill in DRILLS
                if other[drill] is not None and mine[drill] is not None and spread[drill]
            ]
            if len(squares) >= 5 and other is not mine and (other["player_name"], other["season"]) != (mine["player_name"], mine["season"]):
                distances.append((math.sqrt(sum(squares) / len(squares)), other["season"], len(squares)))
        found = real_api.v1(f"people/{person_id}/comparables", visit=mine["season"], limit=20).json()
        assert found["n"] == len(distances), scope
        expected = sorted(distances)[:20]
        assert [each["distance"] for each in found["comparables"]] == pytest.approx([each[0] for each in expected], abs=0.0000501)
        assert [each["shared"] for each in found["comparables"]] == [each[2] for each in expected]
        checked += 1
    assert checked > 15


@pytest.mark.real_data
def test_comparables_of_many_are_those_of_each(real_api: Api) -> None:
    """One request for a role and class; an entry without comparables has a row that says why."""
    for earlier in (False, True):
        rows = real_api.items("analytics/comparables", season=2007, position="WR,LS", nearest=3, earlier_only=earlier)
        found: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(int(str(row["person_id"])), []).append(row)
        assert len(found) == real_api.v1("combine", season=2007, position="WR,LS").json()["total"]
        for person_id, mine in list(found.items())[::6]:
            one = real_api.v1(f"people/{person_id}/comparables", limit=3, earlier_only=earlier).json()
            expected = [(each["person_id"], each["season"], each["distance"], each["similarity"]) for each in one["comparables"]]
            listed = [tuple(row[name] for name in ("other_person_id", "other_season", "distance", "similarity")) for row in mine]
            assert listed == (expected or [(None, None, None, None)])
            assert {row["n"] for row in mine} == {one["n"]}
        [johnson] = found[person(real_api, "Calvin Johnson", 2007)]
        assert (johnson["n"], johnson["note"]) == (0, "3 of 8 measurements; at least 5 are needed")


@pytest.mark.real_data
def test_too_many_comparables_are_refused_before_they_are_computed(real_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response in pages has few rows; streams have more, not any number."""
    computed: list[object] = []
    monkeypatch.setattr("app.athletics.service.comparables_statement", lambda *given, **_: computed.append(given))
    for parameters, words in (
        ({"nearest": 1}, "add a filter"),
        ({"season": 2015, "nearest": 20}, "lower `nearest`, add a filter, or use format=csv"),
        ({"season": 2015, "nearest": 100, "format": "csv"}, "lower `nearest` or add a filter"),
    ):
        refused = real_api.v1("analytics/comparables", **parameters)
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["field"], words in error["message"]) == (422, "nearest", True), error
    assert computed == []


@pytest.mark.real_data
def test_people_side_by_side(real_api: Api) -> None:
    ids = [person(real_api, name, season) for name, season in (("D.K. Metcalf", 2019), ("Calvin Johnson", 2007), ("Joe Burrow", 2020))]
    people = real_api.v1("compare", ids=",".join(map(str, ids))).json()["people"]
    assert [(each["name"], each["position_leaf"], each["athletic_score"]["score"]) for each in people] == [
        ("D.K. Metcalf", "WR", 9.208), ("Calvin Johnson", "WR", None), ("Joe Burrow", "QB", None),
    ]  # fmt: skip
    assert people[0]["drills"] == about(real_api, "D.K. Metcalf", 2019, "percentiles")["drills"]
    assert {each["percentile"] for each in people[2]["drills"][2:]} == {None}
    assert {each["note"] for each in people[2]["drills"][2:]} == {"not measured"}
    assert [(pick["season"], pick["pick"]) for pick in people[1]["selections"]] == [(2007, 2)]


def test_people_without_a_visit_and_wrong_requests(league_api: Api) -> None:
    entry = league_api.items("combine", limit=1, sort="season")[0]
    there = {row["person_id"] for row in league_api.items("combine", limit=1000, season_min=2020, fields="person_id")}
    absent = next(row for row in league_api.items("draft-picks", season_max=1985, limit=20) if row["person_id"] not in there)
    for what in ("percentiles", "athletic-score", "comparables"):
        found = league_api.v1(f"people/{absent['person_id']}/{what}").json()
        assert (found["visit"], found["visits"], found["synthetic"]) == (None, [], True)
        notes = found.get("note") or found.get("athletic_score", {}).get("note") or found["drills"][0]["note"]
        assert notes == "There is no record of this person at the combine."
        assert league_api.v1(f"people/999999999/{what}").status_code == 404
        for wrong in ({"visit": 1999}, {"season_min": 2020, "season_max": 2010}, {"season": 2020}, {"visit": "x"}):
            assert league_api.v1(f"people/{entry['person_id']}/{what}", **wrong).status_code == 422, (what, wrong)
        none = league_api.v1(f"people/{entry['person_id']}/{what}", season_max=1950)
        assert none.status_code == 200
        said = none.json()
        numbers = [drill["percentile"] for drill in said.get("drills", ())] + [said.get("athletic_score", {}).get("score")]
        assert not any(numbers), said
        assert not said.get("comparables"), said
    one = entry["person_id"]
    for ids in (one, f"{one},{one}", "1,2,3,4,5,6,7", "1,x", "", "1,", f"{one},-1", f"1,{'9' * 30}"):
        assert league_api.v1("compare", ids=ids).status_code == 422, ids
    assert league_api.v1("compare").status_code == 422
    assert league_api.v1("compare", ids=f"{one},999999999").status_code == 404
    for wrong in ({"athletic_score_min": 9, "athletic_score_max": 8}, {"athletic_score_min": "NaN"}, {"sort": "mean"}, {"fields": "leaf"}):
        assert league_api.v1("analytics/athletic-score", **wrong).status_code == 422, wrong


@pytest.mark.real_data
def test_the_examples_of_the_documentation(real_api: Api) -> None:
    text = " ".join((CHECKOUT / "docs" / "analytics.md").read_text(encoding="utf-8").split())
    receivers = [row["forty"] for row in real_api.items("combine", position="WR", forty_max=4.33, limit=1000, fields="forty")]
    pool = next(each["n"] for each in about(real_api, "D.K. Metcalf", 2019, "percentiles")["drills"] if each["drill"] == "forty")
    faster = sum(float(str(forty)) < 4.33 for forty in receivers)
    equal = len(receivers) - faster
    value = round(100 * (1 - (faster + equal / 2) / pool), 2)
    assert (
        f"Of {pool:,} receivers with a forty, {faster} were faster than D.K. Metcalf's 4.33, and {equal - 1} as fast: {value} percent"
        in text
    )
    scores = {
        name: about(real_api, name, season, "athletic-score")["athletic_score"]
        for name, season in (("D.K. Metcalf", 2019), ("Julio Jones", 2011), ("Justin Jefferson", 2020))
    }
    assert f"Of {scores['Julio Jones']['n']} receivers with at least five" in text
    for name, score in scores.items():
        assert f"{name} {'has ' if name == 'D.K. Metcalf' else ''}{score['score']}" in text
    for each in about(real_api, "D.K. Metcalf", 2019, "comparables", limit=3)["comparables"]:
        assert f"{each['name']} ({each['season']}) at {each['distance']}" in text
