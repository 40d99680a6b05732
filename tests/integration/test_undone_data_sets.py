"""Data sets whose tables a downgrade drops leave nothing behind that a later load would take for loaded rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import polars as pl

from cli.migrations.migrate import downgrade, upgrade
from pipeline.ledger import RunReport
from pipeline.options import LoadOptions
from pipeline.run import load_all

BEFORE = "2026_11_29_undescribed_facts"
TRACES = """
    select 'dataset' as place, dataset::text from dataset
    union select 'season_count', dataset from season_count
    union select 'field_count', dataset from field_count
    union select 'change_event', dataset from change_event
    union select 'team_era', system from team_era where system = 'nfl'
"""


def places(dsn: str) -> set[tuple[str, str]]:
    async def fetch() -> set[tuple[str, str]]:
        connection = await asyncpg.connect(dsn)
        try:
            return {(row["place"], row["dataset"]) for row in await connection.fetch(TRACES)}
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_rows_are_loaded_again_after_a_downgrade(database: str, tmp_path: Path) -> None:
    charts = tmp_path / "draft_values.csv"
    points = (3000 / pl.col("pick")).round(2)
    values = pl.DataFrame({"pick": range(1, 251)}).with_columns(stuart=points, johnson=points, hill=points, otc=points, pff=points)
    options = LoadOptions(dsn=database, exports_dir=tmp_path / "exports", source="files", directory=tmp_path, datasets=("pick_values",))

    def load() -> RunReport:
        [report] = asyncio.run(load_all(options))
        return report

    values.write_csv(charts)
    assert load().rows_inserted == 250
    values.with_columns(hill=pl.when(pl.col("pick") == 9).then(1.0).otherwise("hill")).write_csv(charts)
    assert load().rows_updated == 1
    assert places(database) == {(place, "pick_values") for place in ("dataset", "field_count", "change_event")} | {("team_era", "nfl")}

    downgrade(database, BEFORE)
    assert places(database) == set()
    upgrade(database)
    again = load()
    assert (again.state, again.rows_inserted) == ("loaded", 250)
    assert ("team_era", "nfl") in places(database)


def test_read_models_that_were_dropped_do_not_count_as_filled(database: str) -> None:
    models = ("class_strength", "entry_score", "value_count", "group_sum")

    async def run(statement: str) -> list[str]:
        connection = await asyncpg.connect(database)
        try:
            return [row[0] for row in await connection.fetch(statement, models)]
        finally:
            await connection.close()

    stamp = "insert into read_model (model, dataset, version, updated_at) select unnest($1::text[]), 'combine', 1, now() returning model"
    assert len(asyncio.run(run(stamp))) == len(models)
    downgrade(database, "2026_11_30_draft_pick_groups")
    upgrade(database)
    assert asyncio.run(run("select model from read_model where model = any($1::text[])")) == []
