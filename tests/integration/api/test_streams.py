"""Whole sets as streams and files: the same cells whichever way they are asked for."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest

from app.combine import queries as combine
from app.datasets import DATASETS
from app.draft_picks import queries as draft_picks
from app.listing.model import Kind
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.integration.api.conftest import Api

LISTS = {"draft-picks": draft_picks.LISTING, "combine": combine.LISTING}
Rows = list[dict[str, object]]


def as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def cells(rows: Sequence[dict[str, object]]) -> list[list[str]]:
    return [[as_text(value) for value in row.values()] for row in rows]


def read_csv(text: str) -> Rows:
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]


def with_numbers(rows: Rows, path: str) -> Rows:
    """24 and 24.0 are the same number: columns of numbers, read as such."""
    numbers = {name for name, field in LISTS[path].fields.items() if field.kind is Kind.NUMBER}
    return [{name: float(str(value)) if name in numbers and value != "" else value for name, value in row.items()} for row in rows]


def every_way(api: Api, path: str, **filters: object) -> dict[str, Rows]:
    lines = api.v1(path, format="ndjson", **filters).text.splitlines()
    return {
        "json": api.v1(path, format="json", **filters).json(),
        "ndjson": [json.loads(line) for line in lines],
        "csv": read_csv(api.v1(path, format="csv", **filters).text),
    }


@pytest.mark.parametrize("path", list(LISTS))
def test_every_format_has_the_same_cells(league_api: Api, path: str) -> None:
    ways = every_way(league_api, path)
    total = league_api.v1(path, limit=1).json()["total"]
    assert {name: len(rows) for name, rows in ways.items()} == {"json": total, "ndjson": total, "csv": total}
    for rows in ways.values():
        assert list(rows[0]) == list(LISTS[path].export_fields)
    assert ways["json"] == ways["ndjson"]
    assert cells(ways["json"]) == cells(ways["csv"])


@pytest.mark.parametrize("path", list(LISTS))
def test_a_stream_has_what_the_pages_have(league_api: Api, path: str) -> None:
    season = league_api.items(path, sort="-season", limit=1)[0]["season"]
    pages = league_api.items(path, season=season, fields="*", limit=1000, sort="-name")
    streamed = league_api.v1(path, season=season, fields="*", sort="-name", format="json").json()
    assert streamed == pages


@pytest.mark.parametrize("path", list(LISTS))
def test_files_have_the_same_cells(league_api: Api, path: str) -> None:
    streamed = league_api.v1(path, format="json").json()
    parquet = pl.read_parquet(io.BytesIO(league_api.v1(f"exports/{path}.parquet").content)).to_dicts()
    written = with_numbers(read_csv(league_api.v1(f"exports/{path}.csv").text), path)
    keys = LISTS[path].tie_break

    def ordered(rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: [int(str(row[key])) for key in keys])

    assert cells(ordered(parquet)) == cells(ordered(written)) == cells(ordered(streamed))
    assert set(parquet[0]) == set(streamed[0]) == set(LISTS[path].fields)


def test_files_have_the_fields_of_the_list(league_dsn: str, league_exports: Path) -> None:
    assert league_dsn
    for name, dataset in DATASETS.items():
        assert list(pl.read_parquet_schema(league_exports / f"{name}-v1.parquet")) == list(dataset.listed), name


@pytest.mark.real_data
def test_the_real_picks_survive_every_way_out(real_api: Api) -> None:
    ways = every_way(real_api, "draft-picks")
    ways["parquet"] = pl.read_parquet(io.BytesIO(real_api.v1("exports/draft_picks.parquet").content)).sort("season", "pick").to_dicts()
    reference = cells(ways["json"])
    for name, rows in ways.items():
        assert len(rows) == 12_927, name
        assert len({row["team"] for row in rows}) == 38, name
        assert cells(rows) == reference, name
    assert isinstance(ways["parquet"][0]["hof"], bool)
    for path in ("combine?format=csv", "exports/combine.csv"):
        assert real_api.get(f"/api/v1/{path}").headers["content-disposition"] == 'attachment; filename="combine.csv"'
    assert "Amaré Barno" in {row["player_name"] for row in every_way(real_api, "combine")["csv"]}


def test_an_empty_set_is_still_a_document(league_api: Api) -> None:
    ways = every_way(league_api, "draft-picks", season=1901)
    assert ways == {"json": [], "ndjson": [], "csv": []}
    assert league_api.v1("draft-picks", season=1901, format="csv", fields="pick,name").text == "pick,name\n"


def test_what_a_format_is_called(league_api: Api) -> None:
    response = league_api.v1("combine", season=2020, format="csv")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["content-disposition"] == 'attachment; filename="synthetic-combine.csv"'
    assert league_api.get("/api/v1/combine?season=2020", headers={"accept": "text/csv"}).content == response.content
    assert league_api.v1("combine", season=2020, format="ndjson").headers["content-type"] == "application/x-ndjson"


@pytest.mark.anyio
async def test_formulas_are_escaped_on_request(league: str, serving: Callable[[str], AbstractContextManager[Api]]) -> None:
    names = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'O\'Neil, "Jr"\nIII', "=cmd|' /C calc'!A0"]
    connection = await asyncpg.connect(league)
    season = await connection.fetchval("select max(season) from draft_pick")
    for pick, name in enumerate(names, 1):
        await connection.execute("update draft_pick set pfr_player_name = $1 where season = $2 and pick = $3", name, season, pick)
    await connection.close()
    with serving(league) as api:
        asked = {"season": season, "pick_max": len(names), "fields": "name,age", "format": "csv"}
        plain = [row["name"] for row in read_csv(api.v1("draft-picks", **asked).text)]
        escaped = [row["name"] for row in read_csv(api.v1("draft-picks", escape_formulas="true", **asked).text)]
        lines = [json.loads(line)["name"] for line in api.v1("draft-picks", **{**asked, "format": "ndjson"}).text.splitlines()]
    assert plain == lines == names
    assert escaped == [name if name.startswith("O") else f"'{name}" for name in names]


def test_parts_of_a_file(league_api: Api) -> None:
    whole = league_api.v1("exports/combine.csv")
    assert whole.headers["content-disposition"] == 'attachment; filename="synthetic-combine.csv"'
    part = league_api.get("/api/v1/exports/combine.csv", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    held = {"if-none-match": whole.headers["etag"]}
    assert league_api.get("/api/v1/exports/combine.csv", headers=held).status_code == 304
    stale = {"range": "bytes=10-19", "if-range": '"other"'}
    assert league_api.get("/api/v1/exports/combine.csv", headers=stale).status_code == 200
    listed = league_api.v1("exports").json()["items"]
    assert {each["href"] for each in listed} >= {"/api/v1/exports/combine.csv", "/api/v1/exports/draft_picks.parquet"}
    assert next(each["bytes"] for each in listed if each["href"].endswith("combine.csv")) == len(whole.content)


def test_a_range_is_for_get_alone(league_api: Api) -> None:
    whole = league_api.head("/api/v1/exports/combine.csv")
    part = league_api.head("/api/v1/exports/combine.csv", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.headers["content-length"]) == (200, whole.headers["content-length"])
    assert "content-range" not in part.headers


def test_a_client_that_leaves_gives_its_connection_back(league_api: Api) -> None:
    pool = league_api.state["context"].database.pool

    def leave_early() -> bool:
        """Whether there was room for one export more: those that were left take theirs until the server has seen it."""
        with league_api.stream("GET", "/api/v1/draft-picks?format=ndjson&fields=*") as response:
            assert response.status_code in (200, 503)
            next(response.iter_bytes())
        return response.status_code == 200

    for _ in range(pool.size() + 2):
        until(leave_early, lambda: "exports that were left keep their connections")
    assert league_api.get("/api/v1/draft-picks?limit=1", headers={"cache-control": "no-cache"}).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=0-9", "Bytes=5-14", "bytes=-10", "bytes = 0-4 , 5-9"])
def test_a_part_of_an_export(league_api: Api, asked: str) -> None:
    part = league_api.get("/api/v1/exports/combine.csv", headers={"range": asked})
    assert (part.status_code, len(part.content)) == (206, 10)


@pytest.mark.parametrize("asked", ["rows=0-9", "bytes=", "bytes=9-2", "bytes=a-b", "bytes=0-1,x", "bytes", "bytes=0-" + "9" * 5000])
def test_a_range_that_means_nothing_is_ignored(league_api: Api, asked: str) -> None:
    whole = league_api.get("/api/v1/exports/combine.csv")
    answer = league_api.get("/api/v1/exports/combine.csv", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)
