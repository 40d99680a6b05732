"""The read model of prospects equals its definition after every load, and is not used when something else has changed the rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import select

from app.aggregates import service
from app.aggregates.schemas import AggregateParameters
from app.context import ServiceContext
from app.datasets.prospects import NARROW, PROSPECTS
from app.db.engine import create_engine
from app.db.statements import compile_statement
from app.prospects.queries import PROSPECT

if TYPE_CHECKING:
    from tests.integration.pipeline.conftest import Loader, Writer

_DEFINED = compile_statement(select(*(PROSPECT.c[field.name] for field in NARROW))).sql
_STORED = "select * from prospect_row"
_CORRECTED = pl.when(pl.col("pick") % 3 == 0).then(99).otherwise("w_av")


def _differences(load: Loader) -> object:
    return load.value(f"select count(*) from (({_DEFINED}) except all ({_STORED}) union all (({_STORED}) except all ({_DEFINED}))) d")


def _aggregated(load: Loader) -> tuple[bool, object]:
    """Whether the statement reads the read model, and the mean that it finds."""

    async def ask() -> tuple[bool, object]:
        engine = create_engine(load.dsn)
        try:
            query = await service.aggregate(ServiceContext(engine), PROSPECTS, AggregateParameters(measures="mean:w_av"))
            rows = await query.rows(1)
            return "prospect_row" in query.statement(None, escape_formulas=False).sql, rows[0]["mean_w_av"]
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def test_the_read_model_equals_the_definition_after_each_load(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder(), datasets=("draft_picks",))
    assert load.value("select count(*) from prospect_row") == 0
    assert _aggregated(load)[0] is False, "the combine is not loaded yet"
    load(folder())
    assert load.value("select count(*) from prospect_row") == load.value(f"select count(*) from ({_DEFINED}) d") != 0
    assert _differences(load) == 0
    load(folder("corrected", draft_picks=made_up["draft_picks"].with_columns(w_av=_CORRECTED)))
    assert load.value("select count(*) from prospect_row where w_av = 99") != 0
    assert _differences(load) == 0
    reads_it, mean = _aggregated(load)
    assert reads_it
    assert mean == load.value(f"select avg(w_av::float) from ({_DEFINED}) d")


def test_a_read_model_that_a_load_has_not_written_is_not_read(load: Loader, folder: Writer) -> None:
    load(folder())
    load.rows("update draft_pick set w_av = 7")
    for change in ("version = version + 1", "updated_at = now()"):
        load.rows(f"update dataset set {change} where dataset = 'draft_picks'")
        assert _aggregated(load) == (False, 7.0)
        load.rows("update read_model m set (version, updated_at) = (d.version, d.updated_at) from dataset d where d.dataset = m.dataset")
        assert _aggregated(load)[0] is True
