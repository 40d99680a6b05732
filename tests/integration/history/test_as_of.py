"""Rows as of a load: exactly those that the table had right after it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest

from app.datasets import DATASETS
from app.exports.service import EXPORTED
from app.records.queries import LISTINGS
from tests.conftest import run_apart
from tests.integration.api.conftest import Api

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.cli.conftest import Dq
    from tests.integration.history.conftest import Past

LISTS = {"draft-picks": "draft_pick", "combine": "combine_entry"}


@pytest.mark.parametrize("path", LISTS)
def test_every_cell_is_what_it_was_after_each_load(api: Api, past: Past, path: str) -> None:
    columns = [field.name for field in DATASETS[path.replace("-", "_")].stored if not field.name.endswith(("franchise_id", "college_id"))]
    seen = set()
    for run, tables in past.rows.items():
        response = api.v1(path, as_of=run, format="ndjson", fields=",".join(columns))
        assert response.status_code == 200, response.text
        found = sorted(json.dumps(json.loads(line), sort_keys=True) for line in response.text.splitlines())
        stored = [json.loads(row) for row in tables[LISTS[path]]]
        assert found == sorted(json.dumps({name: row[name] for name in columns}, sort_keys=True) for row in stored)
        seen.add(response.text)
    assert len(seen) > 1, "the loads differ"
    assert api.v1(path, as_of=past.runs[-1], limit=100).json()["items"] == api.items(path, limit=100)


def test_filters_pages_and_sorts_are_those_of_the_past(api: Api, past: Past) -> None:
    first, second = past.runs[0], past.runs[1]
    newest = max(int(str(row["season"])) for row in api.items("draft-picks", limit=1000))
    assert api.items("draft-picks", season=newest, as_of=first) == []
    assert len(api.items("draft-picks", season=newest, as_of=second)) > 0
    whole = api.items("draft-picks", as_of=first, sort="-games,name", limit=1000)
    page = api.v1("draft-picks", as_of=first, sort="-games,name", limit=7).json()
    assert (page["items"], page["total"]) == (whole[:7], len(whole))
    following = api.v1("draft-picks", as_of=first, sort="-games,name", limit=7, cursor=page["next"]).json()
    assert following["items"] == whole[7:14]
    # before the newest class was drafted, its players were not
    drafted = [row["person_id"] for row in api.items("combine", season=newest, drafted="true", as_of=second, limit=1000)]
    assert drafted
    assert api.items("combine", season=newest, drafted="true", as_of=first, limit=1000) == []
    franchise = api.items("combine", season=newest, drafted="true", as_of=second)[0]["franchise"]
    chosen = api.items("combine", franchise=franchise, as_of=second, limit=1000)
    assert {row["franchise"] for row in chosen} == {franchise}


def test_prospects_are_joined_of_the_rows_of_then(api: Api, past: Past) -> None:
    seen = set()
    for run, tables in past.rows.items():
        picks, entries = ([json.loads(row) for row in tables[name]] for name in LISTS.values())
        games = {(row["season"], row["person_id"]): row["games"] for row in picks}
        weights = {(row["season"], row["person_id"]): row["wt"] for row in entries}
        expected = sorted((*key, key in games, games.get(key), weights.get(key)) for key in games.keys() | weights.keys())
        lines = api.v1("prospects", as_of=run, format="csv", fields="season,person_id,drafted,games,wt").text.splitlines()[1:]
        assert sorted(lines) == sorted(",".join(cell(value) for value in row) for row in expected)
        drafted = len(api.items("prospects", as_of=run, limit=1000, drafted="true"))
        counted = api.items("aggregate/prospects", as_of=run, group_by="season", measures="count,mean:wt", drafted="true")
        assert sum(int(str(group["count"])) for group in counted) == drafted == len(games)
        seen.add(repr(lines))
    assert len(seen) > 1, "the loads differ"
    last = past.runs[-1]
    for path in ("draft-picks", "combine", "prospects"):
        assert api.items(f"aggregate/{path}", as_of=last, group_by="season") == api.items(f"aggregate/{path}", group_by="season")


def cell(value: object) -> str:
    """A value as CSV has it."""
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_a_day_is_the_end_of_it(api: Api) -> None:
    today = datetime.now(UTC).date()
    assert api.items("draft-picks", as_of=today, limit=1000) == api.items("draft-picks", limit=1000)


def test_what_is_before_or_after_everything_is_refused_with_a_sentence(api: Api) -> None:
    today = datetime.now(UTC).date()
    for wrong, words in (
        ("2001-01-01", "The draft picks are known as of load 1 of "),
        (str(today + timedelta(days=2)), "is in the future."),
        ("9999-12-31", "is in the future."),
        ("999999", "There is no load 999999; /api/v1/etl/runs lists them."),
        ("0", "must be the number of a load or a day such as 2026-05-06"),
        ("now", "must be the number of a load or a day such as 2026-05-06"),
    ):
        refused = api.v1("draft-picks", as_of=wrong)
        assert (refused.status_code, words in refused.text) == (422, True), refused.text
        assert refused.json()["errors"][0]["field"] == "as_of"
    assert "The combine results are known as of load 2 of" in api.v1("combine", as_of=1).text
    assert "No trades have been loaded yet." in api.v1("trades", as_of=1).text
    for path in ("prospects", "aggregate/prospects"):
        refused = api.v1(path, as_of="2001-01-01")
        assert (refused.status_code, "The draft picks and combine results are known as of load 1 of" in refused.text) == (422, True)


def test_whatever_takes_a_moment_reads_the_past(api: Api) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    taking = [path for path, methods in paths.items() if "as_of" in {each["name"] for each in methods.get("get", {}).get("parameters", ())}]
    assert len(taking) > 10
    for path in taking:
        refused = api.get(path.format(person_id=1, trade_id=1, file="combine.csv"), params={"as_of": "2001-01-01"})
        assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, ["as_of"]), path


def test_the_command_reads_the_past_too(dq: Dq, past: Past) -> None:
    arguments = ("picks", "list", "--season", str(past.season), "--json", "--all", "--fields", "pick,age,pfr_player_name")
    [before] = [row for row in dq(*arguments, "--as-of", "1", dsn=past.dsn).lines if row["pick"] == past.pick]
    [after] = [row for row in dq(*arguments).lines if row["pick"] == past.pick]
    assert (before["age"] is not None, after["age"], after["pfr_player_name"]) == (True, None, "Another Player")
    refused = dq("picks", "list", "--as-of", "2001-01-01")
    assert (refused.code, "--as-of: The draft picks are known as of load 1 of" in refused.err) == (2, True)


def test_a_person_is_shown_with_the_records_of_then(api: Api, dq: Dq, past: Past) -> None:
    second = past.runs[1]
    now = api.v1(f"people/{past.person_id}")
    assert now.status_code == 404 or now.json()["selections"] == [], "the pick is another person's now"
    [pick] = api.items("draft-picks", season=past.season, pick=past.pick)
    later = api.v1(f"people/{pick['person_id']}").json()
    assert [each["pick"] for each in later["selections"]] == [past.pick]
    assert api.v1(f"people/{pick['person_id']}", as_of=second).json()["selections"] == []
    [entry] = api.items("combine", limit=1, sort="-season", drafted="true")
    path = f"people/{entry['person_id']}"
    then, today = api.v1(path, as_of=second).json(), api.v1(path).json()
    assert {drill["place"] is None for each in then["combine"] for drill in each["drills"]} == {True}
    assert [{**each, "drills": []} for each in then["combine"]] == [{**each, "drills": []} for each in today["combine"]]
    assert (then["selections"], then["name"]) == (today["selections"], today["name"])
    assert "The draft picks, players and combine results are known as of load" in api.v1(path, as_of="2001-01-01").text
    assert dq("person", "show", str(pick["person_id"]), "--as-of", str(second), "--json", dsn=past.dsn).value()["selections"] == []


@pytest.mark.parametrize("path", ["draft-picks", "combine", "prospects"])
def test_exports_of_the_past_are_the_lists_of_then(api: Api, past: Past, path: str) -> None:
    today = pl.read_parquet(io.BytesIO(api.get(f"/api/v1/exports/{path}.parquet").content))
    place = itemgetter(*EXPORTED[path.replace("-", "_")].key)
    seen = []
    for run in past.runs[:2]:
        listed = api.v1(path, as_of=run, format="json").json()
        response = api.get(f"/api/v1/exports/{path}.parquet?as_of={run}")
        assert response.headers["content-disposition"] == f'attachment; filename="synthetic-{path.replace("-", "_")}-as-of.parquet"'
        then = pl.read_parquet(io.BytesIO(response.content))
        assert then.schema == today.schema
        assert sorted(then.to_dicts(), key=place) == sorted(listed, key=place)
        sort = ",".join(LISTINGS[path.replace("-", "_")].tie_break)
        text = api.get(f"/api/v1/exports/{path}.csv?as_of={run}").text
        assert text == api.v1(path, as_of=run, format="csv", sort=sort).text
        assert pl.read_csv(io.StringIO(text), schema=then.schema).equals(then), "both formats have the same order"
        seen.append(then)
    assert not seen[0].equals(seen[1]), "the loads differ"
    for wrong in ("99999", "2001-01-01", "yesterday"):
        assert api.get(f"/api/v1/exports/{path}.parquet?as_of={wrong}").status_code == 422


def test_the_command_writes_exports_of_the_past(dq: Dq, api: Api, past: Past, tmp_path: Path) -> None:
    arguments = ("export", "combine.parquet", "--as-of", str(past.runs[0]), "--out", str(tmp_path))
    done = dq(*arguments, dsn=past.dsn)
    assert (done.code, done.out.strip()) == (0, str(tmp_path / "synthetic-combine-as-of.parquet")), done.err
    [written] = (path.read_bytes() for path in tmp_path.iterdir())
    assert written == api.get(f"/api/v1/exports/combine.parquet?as_of={past.runs[0]}").content
    refused = dq("export", "combine.parquet", "--as-of", "2001-01-01", "--out", str(tmp_path))
    assert (refused.code, "--as-of: The combine results are known as of load" in refused.err) == (2, True)
    inside_a_file = dq(*arguments[:-1], str(tmp_path / "synthetic-combine-as-of.parquet" / "x.parquet"))
    assert (inside_a_file.code, "Not a directory. Name another file or folder with --out." in inside_a_file.err) == (1, True)


def execute(dsn: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(";".join(statements))
        finally:
            await connection.close()

    run_apart(lambda: asyncio.run(run()))


@pytest.fixture
def traded(past: Past) -> Iterator[None]:
    """A trade of the pick that changed, loaded with the first picks; the source does not name the player."""
    execute(
        past.dsn,
        "insert into trade_leg (trade_id, leg, season, gave, received, gave_franchise_id, received_franchise_id, pick_season, pick_number,"
        f" run_id) values (1, 1, {past.season}, 'KC', 'BUF', 16, 4, {past.season}, {past.pick}, 1)",
        "insert into dataset (dataset, version, row_count, synthetic, checksum, run_id, first_run_id, traced_run_id)"
        " values ('trades', 1, 1, true, '', 1, 1, 1)",
    )
    yield
    execute(past.dsn, "delete from trade_leg", "delete from dataset where dataset = 'trades'")


@pytest.mark.usefixtures("traded")
def test_trades_are_found_by_the_players_selected_as_of_then(api: Api, past: Past) -> None:
    [pick] = api.items("draft-picks", season=past.season, pick=past.pick)
    for moment, owner, other in ((past.runs[1], past.person_id, pick["person_id"]), (past.runs[2], pick["person_id"], past.person_id)):
        assert [leg["trade_id"] for leg in api.items("trades", person_id=owner, as_of=moment)] == [1]
        assert api.items("trades", person_id=other, as_of=moment) == []
        [leg] = api.v1("trades/1", as_of=moment).json()["legs"]
        assert leg["became"]["person_id"] == owner


def test_combine_results_are_not_grouped_by_franchises_that_are_not_known(api: Api, past: Past) -> None:
    """As for the filter: all people would be in the group of the undrafted. An older release loaded the picks last."""
    as_of = past.runs[1] - 1
    execute(past.dsn, "update dataset set traced_run_id = null where dataset = 'draft_picks'")
    try:
        for path, asked in (("combine", {"franchise": "KC"}), ("aggregate/combine", {"group_by": "season,franchise"})):
            refused = api.v1(path, **asked, as_of=as_of)
            assert (refused.status_code, "The combine results and draft picks are known as of load" in refused.text) == (422, True)
        assert api.v1("aggregate/combine", group_by="season", as_of=as_of).status_code == 200
        assert len(api.items("aggregate/combine", group_by="franchise", as_of=past.runs[2])) > 1
    finally:
        execute(past.dsn, "update dataset set traced_run_id = run_id where dataset = 'draft_picks'")


@pytest.mark.usefixtures("traded")
def test_a_trade_is_not_shown_without_the_picks_of_then(api: Api, past: Past) -> None:
    """An older release loaded the picks last, so that their earlier rows are not known."""
    assert api.v1("trades/2", as_of=past.runs[0]).json()["detail"] == f"No trade has the ID 2 as of load {past.runs[0]}."
    execute(past.dsn, "update dataset set traced_run_id = null where dataset = 'draft_picks'")
    try:
        refused = api.v1("trades/1", as_of=past.runs[1] - 1)  # not a URL whose response is cached
        assert (refused.status_code, "The trades, pick values and draft picks are known as of load" in refused.text) == (422, True)
        assert api.v1("trades/1", as_of=past.runs[2]).status_code == 200
        listed = api.v1("trades", person_id=past.person_id, as_of=past.runs[1] - 1)
        assert (listed.status_code, "The trades and draft picks are known as of load" in listed.text) == (422, True)
        assert api.v1("trades", as_of=past.runs[1] - 1).json()["total"] == 1
    finally:
        execute(past.dsn, "update dataset set traced_run_id = run_id where dataset = 'draft_picks'")
