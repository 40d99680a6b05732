"""Prospects: the same join in polars, filters at random, and numbers of the real files."""

from __future__ import annotations

import asyncio
import random
from io import BytesIO
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest

from app.datasets.combine import DRILLS
from app.datasets.prospects import INPUTS, OUTCOMES, PROSPECTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.integration.api.conftest import Api

KEY = ["season", "person_id"]
COMBINATIONS = 50


def rows_of(api: Api, path: str) -> pl.DataFrame:
    """Every field of every row of a list."""
    response = api.v1(path, format="ndjson", fields="*")
    assert response.status_code == 200, response.text
    return pl.read_ndjson(BytesIO(response.content), infer_schema_length=None)


def joined(picks: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """The prospects as the documentation defines them, from the two lists that they are made of."""
    entries = entries.rename({name: f"{name}_entry" for name in entries.columns if name not in KEY and name not in ("ht", *DRILLS)})
    rows = picks.with_columns(drafted=True).join(entries.with_columns(measured=True), on=KEY, how="full", coalesce=True)
    rows = rows.with_columns(
        pl.col("drafted", "measured").fill_null(value=False),
        draft_position="position",
        name=pl.coalesce("name", "name_entry"),
        college=pl.coalesce("college", "school_entry"),
        college_slug=pl.coalesce("college_slug", "college_slug_entry"),
        pfr_id=pl.coalesce("pfr_player_id", "pfr_id_entry"),
        cfb_id=pl.coalesce("cfb_player_id", "cfb_id_entry"),
    ).with_columns(
        position=pl.coalesce("pos_entry", "position"),
        position_leaf=pl.coalesce("position_leaf_entry", "position_leaf"),
        position_group=pl.coalesce("position_group_entry", "position_group"),
        position_side=pl.coalesce("position_side_entry", "position_side"),
    )
    codes = pl.concat_list("position", "draft_position")
    known = (pl.col("games") >= 16) & pl.col("def_sacks").is_not_null()
    lacking = pl.concat_str(*(pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in INPUTS), separator=", ", ignore_nulls=True)
    return rows.with_columns(
        speed_score=200 * pl.col("wt") / pl.col("forty") ** 4,
        burst_score=pl.col("vertical") + pl.col("broad_jump"),
        bmi=703 * pl.col("wt") / pl.col("height_in").cast(pl.Float64) ** 2,
        agility_sum=pl.col("cone") + pl.col("shuttle"),
        missing=pl.when("measured").then(pl.when(lacking != "").then(lacking)).otherwise(pl.lit("no combine entry")),
        edge=pl.when(codes.list.contains("DE") | codes.list.contains("EDGE"))
        .then(statement=True)
        .when(~codes.list.contains("OLB"))
        .then(statement=False)
        .when(known)
        .then(pl.col("def_sacks") / pl.col("games") >= 0.25),
    ).sort(KEY)


@pytest.fixture(scope="module")
def listed(league_api: Api) -> pl.DataFrame:
    return rows_of(league_api, "prospects").sort(KEY)


def test_every_selection_and_every_entry_is_in_one_row(league_api: Api, listed: pl.DataFrame) -> None:
    expected = joined(rows_of(league_api, "draft-picks"), rows_of(league_api, "combine"))
    assert listed.height == expected.height
    derived = ["speed_score", "burst_score", "bmi", "agility_sum"]
    same = [name for name in listed.columns if name not in (*derived, "college_name")]
    assert {"edge", "missing", "ht", "franchise", "draft_position", *OUTCOMES, *DRILLS} <= set(same)
    for name in same:
        assert listed[name].equals(expected[name].cast(listed[name].dtype), null_equal=True), name
    for name in derived:
        assert listed[name].is_null().equals(expected[name].is_null()), name
        assert listed.filter((pl.col(name) - expected[name]).abs() > 0.005 + 1e-9).is_empty(), name
    assert listed["edge"].null_count() > 0


def drawn(rows: pl.DataFrame, draw: random.Random) -> tuple[dict[str, str], pl.Expr]:
    """Two to four filters of different kinds, and what they mean."""
    parameters: dict[str, str] = {}
    meaning: list[pl.Expr] = []
    offered = [each for each in PROSPECTS.filters if each.name not in ("q", "name", "college", "franchise", "side")]
    for each in draw.sample(offered, draw.randint(2, 4)):
        column = {"group": "position_group", "position": "position_leaf"}.get(each.name, each.about)
        values = rows["position_leaf" if each.name == "draft_position" else column].drop_nulls()
        if values.is_empty():  # a column that is empty in its source
            parameters[each.name] = "1"
            meaning.append(pl.lit(value=False))
        elif each.name in ("position", "draft_position"):
            chosen = draw.sample(["QB", "WR", "TE", "CB", "DB", "OL"], 2)
            raw = {"QB": ["QB"], "WR": ["WR"], "TE": ["TE"], "CB": ["CB"], "DB": ["DB", "CB", "S", "SAF", "FS", "SS"]}
            raw["OL"] = ["OL", "T", "OT", "G", "OG", "C"]
            meaning.append(pl.col(each.name).is_in([code for name in chosen for code in raw[name]]))
            parameters[each.name] = ",".join(chosen)
        elif each.type == "flag":
            parameters[each.name] = "true"
            meaning.append(pl.col(column))
        elif each.name.endswith(("_min", "_max")):
            value = values[draw.randrange(len(values))]
            parameters[each.name] = str(value)
            if (other := each.name[:-3] + ("max" if each.name.endswith("min") else "min")) in parameters:
                parameters[other] = str(value)
                meaning.append(pl.col(column) == value)
            meaning.append(pl.col(column) >= value if each.name.endswith("_min") else pl.col(column) <= value)
        else:
            several = 1 if each.type in ("identifier", "text") else 3
            chosen = sorted({values[draw.randrange(len(values))] for _ in range(several)})
            parameters[each.name] = ",".join(map(str, chosen))
            meaning.append(pl.col(column).is_in(chosen))
    return parameters, pl.all_horizontal(meaning)


def test_random_combinations_of_filters_find_the_rows_that_polars_finds(league_api: Api, listed: pl.DataFrame) -> None:
    draw = random.Random(14)
    found = 0
    for _ in range(COMBINATIONS):
        parameters, meaning = drawn(listed, draw)
        expected = listed.filter(meaning).select(KEY).rows()
        page = league_api.v1("prospects", fields=",".join(KEY), limit=1000, **parameters).json()
        assert page.get("total") == len(expected), (parameters, page)
        assert [(row["season"], row["person_id"]) for row in page["items"]] == expected[:1000], parameters
        found += bool(expected)
    assert found > COMBINATIONS / 3


def test_pages_follow_each_other_through_nulls(league_api: Api, listed: pl.DataFrame) -> None:
    for sort, descending in (("speed_score", False), ("-missing", True)):
        seen: list[object] = []
        cursor: dict[str, str] = {}
        while True:
            page = league_api.v1("prospects", season_min=2020, sort=sort, limit=301, **cursor).json()
            seen += [(row[sort.removeprefix("-")], row["season"], row["person_id"]) for row in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        wanted = listed.filter(pl.col("season") >= 2020)
        assert len(seen) == len(set(seen)) == page["total"] == wanted.height
        ordered = wanted.sort([sort.removeprefix("-"), *KEY], descending=[descending, False, False], nulls_last=True)
        assert seen == ordered.select(sort.removeprefix("-"), *KEY).rows()


@pytest.mark.parametrize(
    ("path", "parameter", "values"),
    [
        ("people", "season", ("2019", "2021")),
        ("people", "position", ("QB", "OL")),
        ("people", "college", ("alabama", "lsu")),
        ("draft-picks", "round", ("1", "7")),
        ("draft-picks", "franchise", ("chiefs", "BUF")),
        ("draft-picks", "team", ("kan", "BUF")),
        ("combine", "franchise", ("chiefs", "bills")),
        ("prospects", "college", ("alabama", "lsu")),
        ("trades", "franchise", ("chiefs", "bills")),
        ("trades", "gave", ("chiefs", "bills")),
        ("quality/issues", "field", ("forty", "wt")),
        ("combine", "side", ("O", "S")),
        ("players", "selection", ("undrafted", "supplemental")),
        ("quality/issues", "severity", ("info", "warning")),
        ("etl/runs", "dataset", ("players", "trades")),
    ],
)
def test_several_values_find_what_each_of_them_finds(league_api: Api, path: str, parameter: str, values: tuple[str, str]) -> None:
    def rows(value: str) -> list[dict[str, object]]:
        return league_api.items(path, limit=1000, **{parameter: value})

    # in the order of each list; people of two seasons may be the same
    both = {str(row) for row in rows(",".join(values))}
    assert both == {str(row) for value in values for row in rows(value)} != set()
    repeated = league_api.get(f"/api/v1/{path}", params={"limit": 1000, parameter: list(values)}).json()["items"]
    assert {str(row) for row in repeated} == both


def test_changes_take_several_values(league_api: Api) -> None:
    """A league that was loaded once has none."""
    response = league_api.v1("changes", dataset="combine,draft-picks", kind="added,removed", season="2019,2021")
    assert (response.status_code, response.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("position=WR,XX", "position", "Unknown position 'XX'. Choose one of C, "),
        ("position=qbb", "position", "Unknown position 'qbb'. Did you mean \"QB\"? Choose one of C, "),
        ("franchise=chiefs,bilz", "franchise", "Unknown franchise 'bilz'. Did you mean \"bills\"?"),
        ("college=lsu,", "college", "must have at least 1 character"),
        ("position=ß", "position", "Unknown position 'ß'. Choose one of C, "),
        ("fields=fourty", "fields", "Unknown field 'fourty'. Did you mean \"forty\"? Known fields: "),
        ("season=2019,zwanzig", "season", "must be a whole number"),
        ("season=2019,", "season", "must be a whole number"),
        ("season=" + ",".join(["2019"] * 51), "season", "at most 50"),
        ("group=QB,ZZ", "group", "must be one of QB, RB"),
        ("w_av_min=9&w_av_max=2", "w_av_max", "must not be below w_av_min"),
        ("speed_score_min=NaN", "speed_score_min", "must be a number"),
        ("round_min=-1", "round_min", "must be at least 0"),
        ("fourty_max=4.4", "fourty_max", "did you mean `forty_max`"),
        ("sort=speed", "sort", "Cannot sort by"),
        ("sort=-Fourty", "sort", "Cannot sort by 'Fourty'. Did you mean \"forty\"? Known fields: "),
    ],
)
def test_a_wrong_value_is_refused_with_one_error(league_api: Api, query: str, field: str, reason: str) -> None:
    response = league_api.get(f"/api/v1/prospects?{query}")
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert reason in error["message"]


def test_formulas_are_escaped_on_request(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    async def rename() -> None:
        connection = await asyncpg.connect(league)
        await connection.execute("update draft_pick set pfr_player_name = '=1+1' where season = 2020 and pick = 1")
        await connection.close()

    asyncio.run(rename())
    with serving(league) as api:
        asked = {"season": 2020, "pick": 1, "fields": "name", "format": "csv"}
        assert api.v1("prospects", escape_formulas="true", **asked).text == "name\n'=1+1\n"


def test_an_earlier_visit_belongs_to_the_next_selection(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    """The last visit before a selection shares its row; one before that has its own, of a person who was drafted all the same."""

    async def visit_earlier() -> object:
        connection = await asyncpg.connect(league)
        try:
            person_id = await connection.fetchval(
                "select person_id from draft_pick join combine_entry using (season, person_id) where season = 2020 and pick < 9 limit 1"
            )
            for season, weight in ((2019, 201), (2018, 199)):
                await connection.execute(
                    "insert into combine_entry select (jsonb_populate_record(e, jsonb_build_object('season', $2::int, 'wt', $3::int))).* "
                    "from combine_entry e where season = 2020 and person_id = $1",
                    person_id,
                    season,
                    weight,
                )
            await connection.execute("delete from combine_entry where season = 2020 and person_id = $1", person_id)
            return person_id
        finally:
            await connection.close()

    person_id = asyncio.run(visit_earlier())
    with serving(league) as api:
        rows = api.items("prospects", person_id=person_id, fields="season,pick,drafted,measured,wt", sort="season")
    [(earlier, *first), (year, pick, *second)] = [tuple(row.values()) for row in rows]
    assert (earlier, *first) == (2018, None, True, True, 199)
    assert (year, pick is not None, *second) == (2020, True, True, True, 201)


def count(api: Api, path: str = "prospects", /, **parameters: object) -> int:
    response = api.v1(path, limit=1, fields="person_id", **parameters)
    assert response.status_code == 200, response.text
    number: int = response.json()["total"]
    return number


@pytest.mark.real_data
def test_the_real_files_joined(real_api: Api) -> None:
    assert (count(real_api), count(real_api, drafted="true"), count(real_api, measured="true")) == (15_971, 12_927, 8_968)
    for drafted in ("true", "false"):
        assert count(real_api, drafted=drafted, measured="true") == count(real_api, "combine", drafted=drafted)
    [late] = real_api.items("prospects", name="Eric Johnson", season_max=2001)
    assert (late["season"], late["pick"], late["drafted"], late["height_in"]) == (2001, 224, True, 72)
    assert count(real_api, position="WR", height_min=75, forty_max=4.40) == 29
    assert count(real_api, forty_max=4.29) == 30
    assert count(real_api, rush_yards_max=-1) == 180, "who lost yards"
    assert [count(real_api, hof="true", round=number) for number in range(1, 9)] == [66, 18, 9, 4, 2, 1, 1, 1]
    quarterbacks = real_api.items("prospects", season=2024, round=1, draft_position="QB", sort="pick")
    assert [each["pick"] for each in quarterbacks] == [1, 2, 3, 8, 10, 12]
    best = real_api.items("prospects", sort="-w_av", limit=4, fields="w_av")
    assert [each["w_av"] for each in best] == [184, 176, 169, 167]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("number", "picks", "starters", "bowlers", "unseen"),
    [(1, 691, 77.86, 42.84, 0.00), (2, 697, 57.68, 19.66, 1.29), (3, 753, 35.19, 11.02, 3.59), (7, 996, 9.04, 2.41, 26.31)],
)
def test_shares_by_round_are_counts_of_filters(
    real_api: Api, number: int, picks: int, starters: float, bowlers: float, unseen: float
) -> None:
    asked = {"season_min": 1994, "season_max": 2015, "round": number}
    assert count(real_api, **asked) == picks
    shares = [count(real_api, seasons_started_min=3, **asked), count(real_api, probowls_min=1, **asked)]
    shares.append(picks - count(real_api, games_min=0, **asked))
    assert [round(100 * share / picks, 2) for share in shares] == [starters, bowlers, unseen]


@pytest.mark.real_data
def test_a_position_returns_everything_below_what_was_named(real_api: Api) -> None:
    for name, picks in (("OL", 2146), ("DL", 2105), ("DB", 2415), ("LB", 1691)):
        assert count(real_api, "draft-picks", position=name) == count(real_api, "draft-picks", group=name) == picks
    assert count(real_api, "draft-picks", season=2010, position="OL") > 0
    both = count(real_api, position="RB,WR", season="2019,2021")
    assert both == sum(count(real_api, position=name, season=season) for name in ("RB", "WR") for season in (2019, 2021)) > 0


@pytest.mark.real_data
def test_derived_measures_and_edge_rushers(real_api: Api) -> None:
    [metcalf] = real_api.items("prospects", season=2019, name="D.K. Metcalf")
    measures = [metcalf[name] for name in ("speed_score", "burst_score", "bmi", "agility_sum", "missing")]
    assert measures == [129.72, 174.5, 28.49, 11.88, None]
    [johnson] = real_api.items("prospects", season=2007, name="Calvin Johnson")
    assert (johnson["agility_sum"], johnson["missing"]) == (None, "vertical, broad_jump, cone, shuttle")
    for name, is_edge in (("T.J. Watt", True), ("Von Miller", True), ("Lavonte David", False)):
        [player] = real_api.items("prospects", name=name, season_min=2011, season_max=2017)
        assert player["edge"] is is_edge, name
    fast = real_api.items("prospects", position="EDGE", weight_min=261, sort="forty", limit=1)
    assert fast[0]["edge"] is True
    assert count(real_api, position="EDGE") == count(real_api, edge="true")
