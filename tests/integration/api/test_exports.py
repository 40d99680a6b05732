"""Exports have what their lists have, in files, and never half of it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware
from structlog.testing import capture_logs

from app.datasets import DATASETS, JOINED
from app.errors.handlers import install_error_handlers, on_crash
from app.exports.routes import ExportResponse
from app.exports.service import EXPORTED
from app.middleware.failures import FailuresMiddleware
from app.records.queries import LISTINGS
from tests.integration.api.conftest import serve

if TYPE_CHECKING:
    from starlette.types import Message

    from tests.integration.api.conftest import Api


def test_prospects_are_the_whole_list(league_api: Api) -> None:
    listed = league_api.v1("prospects", format="csv", sort="season,person_id")
    written = league_api.v1("exports/prospects.csv")
    assert (written.status_code, written.content) == (200, listed.content)
    assert written.headers["content-disposition"] == 'attachment; filename="synthetic-prospects.csv"'
    rows = league_api.v1("prospects", format="json", sort="season,person_id").json()
    parquet = pl.read_parquet(io.BytesIO(league_api.v1("exports/prospects.parquet").content))
    assert parquet.to_dicts() == rows
    assert parquet.schema["drafted"] == pl.Boolean


@pytest.mark.parametrize("name", [each for each in EXPORTED if each != "person_ids"])
def test_a_file_is_the_csv_of_its_list(league_api: Api, name: str) -> None:
    sort = ",".join(LISTINGS[name].tie_break)
    listed = league_api.v1(name.replace("_", "-"), format="csv", sort=sort).content.splitlines()
    written = league_api.v1(f"exports/{name}.csv").content.splitlines()
    assert len(listed) > 1
    # a load that writes its own files keeps the order of its own
    assert (written[0], sorted(written)) == (listed[0], sorted(listed))


def test_ids_have_a_row_per_person(league_api: Api) -> None:
    written = pl.read_csv(io.BytesIO(league_api.v1("exports/person-ids.csv").content), infer_schema=False)
    parquet = pl.read_parquet(io.BytesIO(league_api.v1("exports/person-ids.parquet").content))
    assert parquet.with_columns(pl.all().cast(pl.String)).equals(written)
    assert parquet["person_id"].is_unique().all()
    assert parquet.height == league_api.v1("people", limit=1).json()["total"]
    one_by_one = {(row["person_id"], row["id_type"], row["value"]) for row in league_api.v1("person-ids", format="json").json()}
    kinds = [name.removesuffix("_id") for name in parquet.columns if name.endswith("_id") and name != "person_id"]
    cells = {
        (row["person_id"], kind, value)
        for row in parquet.iter_rows(named=True)
        for kind in kinds
        for value in (row[f"{kind}_id"] or "").split(";")
        if value
    }
    assert cells == one_by_one


def test_they_are_listed_and_cached_like_the_others(league_api: Api) -> None:
    listed = {each["href"]: each for each in league_api.v1("exports").json()["items"]}
    for name in JOINED:
        whole = league_api.get(f"/api/v1/exports/{name}.csv")
        item = listed[f"/api/v1/exports/{name}.csv"]
        assert (item["bytes"], item["rows"]) == (len(whole.content), len(whole.text.splitlines()) - 1)
        held = {"if-none-match": whole.headers["etag"]}
        assert league_api.get(f"/api/v1/exports/{name}.csv", headers=held).status_code == 304
        assert league_api.get(f"/api/v1/exports/{name}.parquet", headers={"range": "bytes=0-3"}).content == b"PAR1"


def test_every_export_has_a_list_of_the_past_or_says_why_not() -> None:
    assert {name for name, dataset in EXPORTED.items() if dataset.only_today} == EXPORTED.keys() - LISTINGS.keys()


def test_a_past_that_is_not_there_is_refused_with_a_sentence(league_api: Api) -> None:
    for path in ("exports/person-ids.csv", "person-ids"):
        refused = league_api.v1(path, as_of=2)
        assert (refused.status_code, "The person ids are known as of today only: " in refused.text) == (422, True), refused.text
        assert "/api/v1/identity/decisions" in refused.text


@pytest.mark.anyio
async def test_a_file_that_is_not_of_the_present_data_says_so(league: str, league_exports: Path, tmp_path: Path) -> None:
    connection = await asyncpg.connect(league)

    async def current() -> set[str]:
        with serve(league, tmp_path, league_exports) as api:
            of_the_file = api.get("/api/v1/exports/combine.csv").headers["x-export-current"] == "true"
            found = {each["dataset"] for each in api.v1("exports").json()["items"] if each["current"]}
        assert of_the_file == ("combine" in found)
        return found

    everything = {*DATASETS, *JOINED}
    assert await current() == everything
    await connection.execute("update dataset set version = version + 1 where dataset = 'draft_picks'")
    assert await current() == everything - {"draft_picks", "combine", *JOINED}
    await connection.close()


def test_files_that_cannot_be_read_are_a_problem_with_a_sentence(league_dsn: str, tmp_path: Path) -> None:
    no_folder, broken = tmp_path / "file", tmp_path / "exports"
    no_folder.touch()
    (broken / "combine.json").mkdir(parents=True)
    for folder in (no_folder, broken):
        with serve(league_dsn, tmp_path, folder) as api, capture_logs() as logged:
            refused = [api.get(f"/api/v1/exports{path}") for path in ("", "/combine.csv")]
        said = {(each.status_code, each.headers["retry-after"], each.json()["detail"]) for each in refused}
        assert said == {
            (503, "5", f"The export files cannot be read. Make {folder} readable, or set EXPORTS_DIR. Try again in a moment.")
        }, folder.name
        assert [(each["event"], each["path"]) for each in logged] == [
            ("exports unavailable", "/api/v1/exports"),
            ("exports unavailable", "/api/v1/exports/combine.csv"),
        ]


def test_a_file_that_may_not_be_read_is_unavailable(league_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    really_open = Path.open

    def refuse_tables(path: Path, mode: str = "r", buffering: int = -1) -> object:  # a mode without read permission does not stop root
        if path.suffix == ".csv":
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, mode, buffering)

    monkeypatch.setattr(Path, "open", refuse_tables)
    with capture_logs() as logged:
        refused = league_api.get("/api/v1/exports/combine.csv")
    assert (refused.status_code, "The export files cannot be read. Make " in refused.text) == (503, True)
    assert [(each["event"], each["path"]) for each in logged] == [("exports unavailable", "/api/v1/exports/combine.csv")]


@pytest.mark.anyio
async def test_a_file_that_vanishes_while_it_is_sent_ends_the_response_and_is_logged(tmp_path: Path) -> None:
    path = tmp_path / "combine-v1.csv"
    path.write_text("season,name")
    app = FastAPI(middleware=[Middleware(FailuresMiddleware, handler=on_crash)])
    app.get("/")(lambda: ExportResponse(path, stat_result=path.stat()))
    sent = []

    async def send(message: Message) -> None:
        sent.append(message["type"])
        path.unlink(missing_ok=True)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "asgi": {"spec_version": "2.3"}}
    install_error_handlers(app, lambda _request, _problem: None)
    with capture_logs() as logged:
        await app(scope, receive, send)
    assert sent == ["http.response.start"]
    assert [(each["event"], each["path"]) for each in logged] == [("stream broken off", "/")]
