"""Each read model equals its definition after every load, and is not used when something else has changed the rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, cast

import polars as pl
import pytest
from sqlalchemy import select

from app.aggregates import service
from app.aggregates.schemas import AggregateParameters
from app.athletics import service as athletics
from app.athletics.schemas import CompareParameters, ScoreParameters, VisitParameters
from app.athletics.scores import READ_MODEL
from app.context import ServiceContext
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.prospects import NARROW, PROSPECTS
from app.datasets.read_models import READ_MODELS
from app.db.engine import create_engine
from app.db.statements import compile_statement
from app.prospects.queries import PROSPECT
from app.value import service as value
from app.value.schemas import ClassStrengthParameters
from pipeline import run
from pipeline.sources.sample.generate import generate_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.datasets.model import Dataset
    from app.datasets.read_models import ReadModel
    from tests.integration.pipeline.conftest import Loader, Writer

_DEFINED = compile_statement(select(*(PROSPECT.c[field.name] for field in NARROW))).sql
_STORED = "select * from prospect_row"
_SCORES = ScoreParameters(fields="*", sort="season", limit=1000)
_CORRECTED = pl.when(pl.col("pick") % 3 == 0).then(99).otherwise("w_av")


def _scores(load: Loader) -> tuple[bool, list[object], list[object]]:
    """Whether the list of scores reads the read model, everything that is made of scores, and the same from the definition."""

    async def read(context: ServiceContext) -> tuple[bool, list[object]]:
        query = await athletics.scores(context, _SCORES)
        entries = (await query.page()).items
        people = sorted({int(str(each["person_id"])) for each in entries})
        one = [(await athletics.athletic_score(context, each, VisitParameters())).athletic_score for each in people[::50]]
        pair = await athletics.compare(context, CompareParameters.model_validate({"ids": f"{people[0]},{people[1]}"}))
        strength = await value.class_strength(context, ClassStrengthParameters(limit=1000))
        best = (await (await athletics.scores(context, ScoreParameters(athletic_score_min=9))).page()).items
        return query.listing is READ_MODEL, [entries, one, pair.people, (await strength.page()).items, best]

    async def both() -> tuple[bool, list[object], list[object]]:
        engine = create_engine(load.dsn)
        try:
            stored, found = await read(ServiceContext(engine))
            with pytest.MonkeyPatch.context() as patch:
                for module in (athletics, value):
                    patch.setattr(module, "is_current", _never)
                return stored, found, (await read(ServiceContext(engine)))[1]
        finally:
            await engine.dispose()

    return asyncio.run(both())


async def _never(*_: object) -> bool:
    return False


def _differences(load: Loader) -> object:
    return load.value(f"select count(*) from (({_DEFINED}) except all ({_STORED}) union all (({_STORED}) except all ({_DEFINED}))) d")


def _aggregated(load: Loader) -> tuple[bool, object]:
    """Whether the statement reads the read model, and the mean that it finds."""

    async def ask() -> tuple[bool, object]:
        engine = create_engine(load.dsn)
        try:
            query = await service.aggregate(
                ServiceContext(engine), PROSPECTS, AggregateParameters(measures="mean:w_av,who_max:w_av,max:age")
            )
            rows = await query.rows(1)
            return "prospect_row" in query.statement(None, escape_formulas=False).sql, rows[0]["mean_w_av"]
        finally:
            await engine.dispose()

    return asyncio.run(ask())


_MEASURES = (
    "count",
    *(f"{name}:FIELD" for name in ("count", "sum", "mean", "median", "min", "max", "who_min", "who_max")),
    "share:FIELD>=5",
)
_FIELDS = {DRAFT_PICKS: ("w_av", "age"), COMBINE: ("forty", "bench"), PROSPECTS: ("w_av", "cone")}


def _asked(dataset: Dataset) -> Iterator[tuple[str, str | None, str]]:
    """The read model, the groups and the measures of aggregates of all rows."""
    one, other = _FIELDS[dataset]
    groups: list[str | None] = [None, "position", "group", "round", "round,group"]
    for group in groups:
        yield "group_sum", group, f"corr:{one}:{other},count,pairs:{other}:{one}"
        yield "group_sum", group, f"corr:{other}:{one}"
    by_cells = [
        *groups,
        "season",
        "decade,round",
        "season,round,position",
        *(["franchise", "franchise,decade"] if dataset is not COMBINE else []),
    ]
    for group, measures in product(by_cells, ("count", f"mean:{one},sum:{other},count,count:{one}")):
        yield "group_sum", group, measures
    for field, group in product((one, other), groups[:4]):
        yield "value_count", group, ",".join(_MEASURES).replace("FIELD", field)
        yield "value_count", group, f"quantile:{field}:0.9"


def _aggregates(load: Loader) -> tuple[list[bool], list[object]]:
    """Whether each aggregate of all rows reads its read model, and the rows of each."""

    async def ask() -> tuple[list[bool], list[object]]:
        engine = create_engine(load.dsn)
        try:
            context = ServiceContext(engine)
            reads: list[bool] = []
            found: list[object] = []
            for dataset in _FIELDS:
                for model, group, measures in _asked(dataset):
                    query = await service.aggregate(context, dataset, AggregateParameters(group_by=group, measures=measures))
                    reads.append(model in query.statement(None, escape_formulas=False).sql)
                    found.append([_approximate(row) for row in await query.rows(10_000)])
            return reads, found
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def _approximate(row: Mapping[str, object]) -> dict[str, object]:
    """Round sums, whose last digits depend on the order of the rows."""
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill read models for as few rows as a test has."""
    for name, model in READ_MODELS.items():
        monkeypatch.setitem(cast("dict[str, ReadModel]", READ_MODELS), name, replace(model, from_rows=0))


@pytest.mark.usefixtures("few_are_enough")
def test_aggregates_are_the_same_from_read_models_and_from_rows(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder())
    load(folder("corrected", draft_picks=made_up["draft_picks"].with_columns(w_av=_CORRECTED)))
    reads, found = _aggregates(load)
    assert all(reads)
    with monkeypatch.context() as patch:
        patch.setattr(service, "is_current", _never)
        reads, defined = _aggregates(load)
    assert not any(reads)
    assert found == defined
    load.rows("update dataset set version = version + 1 where dataset = 'combine'")  # as an earlier release leaves it
    assert not any(_aggregates(load)[0])


def test_few_rows_are_read_themselves(load: Loader, folder: Writer) -> None:
    load(folder())
    assert load.value("select count(*) from prospect_row") != 0
    assert load.value("select count(*) from value_count") == load.value("select count(*) from group_sum") == 0
    assert not any(_aggregates(load)[0])


def test_the_read_model_equals_the_definition_after_each_load(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder(), datasets=("draft_picks",))
    assert load.value("select count(*) from prospect_row") == 0
    assert _aggregated(load)[0] is False, "the combine is not loaded yet"
    assert load.value("select count(*) from entry_score") == 0
    load(folder())
    assert load.value("select count(*) from prospect_row") == load.value(f"select count(*) from ({_DEFINED}) d") != 0
    assert _differences(load) == 0
    load(folder("corrected", draft_picks=made_up["draft_picks"].with_columns(w_av=_CORRECTED)))
    assert load.value("select count(*) from prospect_row where w_av = 99") != 0
    assert _differences(load) == 0
    reads_it, mean = _aggregated(load)
    assert reads_it
    assert mean == load.value(f"select avg(w_av::float) from ({_DEFINED}) d")


def test_scores_are_the_same_with_and_without_the_read_model(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    load(folder(draft_values=generate_dataset("pick_values")))
    stored, found, defined = _scores(load)
    assert stored
    assert found == defined
    assert all(found)
    slower = made_up["combine"].with_columns(forty=pl.when(pl.col("pos") == "WR").then(pl.col("forty") + 0.5).otherwise("forty"))
    load(folder("slower", combine=slower))
    stored, corrected, defined = _scores(load)
    assert stored
    assert corrected == defined
    assert corrected != found
    load.rows("update entry_score set athletic_score = 1, mean = 1, athletic_n = 1")
    load.rows("update class_strength set value = 1")
    assert all(one != other for one, other in zip(_scores(load)[1], defined, strict=True)), "everything reads the scores that are stored"
    load.rows("update dataset set version = version + 1 where dataset = 'combine'")  # as an earlier release leaves it
    stored, found, defined = _scores(load)
    assert not stored
    assert found == defined == corrected


def test_a_read_model_that_a_load_has_not_written_is_not_read(load: Loader, folder: Writer) -> None:
    load(folder())
    load.rows("update draft_pick set w_av = 7")
    for change in ("version = version + 1", "updated_at = now()"):
        load.rows(f"update dataset set {change} where dataset = 'draft_picks'")
        assert _aggregated(load) == (False, 7.0)
        load.rows("update read_model m set (version, updated_at) = (d.version, d.updated_at) from dataset d where d.dataset = m.dataset")
        assert _aggregated(load)[0] is True


def test_a_read_model_that_another_release_has_filled_is_not_read(load: Loader, folder: Writer) -> None:
    files = folder()
    load(files)
    load.rows("update prospect_row set w_av = 7, name = null")
    for definition in ("null", "1000"):  # one that knows no definitions, and a later one
        load.rows(f"update read_model set definition = {definition} where model = 'prospect_row'")
        assert _aggregated(load)[0] is False
    load(files)
    assert load.value("select count(*) from prospect_row where name is null") == 0, "filled again, though no rows were loaded"
    assert _aggregated(load)[0] is True


def test_a_load_that_changes_nothing_leaves_the_read_model_current(load: Loader, folder: Writer) -> None:
    files = folder()
    load(files)
    load(files, force=True)
    assert _aggregated(load)[0], "the load has set the time of the data sets"
    load.rows("delete from prospect_row")
    load.rows("delete from read_model")  # as an upgrade leaves them
    load(files)
    assert _aggregated(load)[0]
    assert _differences(load) == 0


def test_a_load_that_is_stopped_after_its_commit_is_recorded_as_loaded(
    load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "refresh_read_models", stop)
    with pytest.raises(KeyboardInterrupt):
        load(folder())
    assert set(load.rows("select state from load_run")) == {("loaded",)}
    assert _aggregated(load)[0] is False
