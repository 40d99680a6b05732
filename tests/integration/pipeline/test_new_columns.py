"""A file that is known by its checksum is read again when the columns that are read have changed, or on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import column, table

from app import datasets
from app.datasets.model import Field
from app.db.models import facts
from app.listing.derived import listing
from app.records.queries import LISTINGS
from tests.integration.pipeline.conftest import Loader, Writer


@pytest.fixture
def with_agents(folder: Writer, made_up: dict[str, pl.DataFrame]) -> Path:
    """Files with a column that the code does not know yet: the agent of every second pick."""
    agent = pl.when(pl.col("pick") % 2 == 0).then(pl.format("Agent {}", "pick")).alias("agent")
    return folder(draft_picks=made_up["draft_picks"].with_columns(agent))


@contextmanager
def declared(monkeypatch: pytest.MonkeyPatch, *changes: Field) -> Iterator[None]:
    """The code of the next version: these fields added to the draft picks, or declared otherwise."""
    dataset = datasets.DATASETS["draft_picks"]
    new = {field.name: field for field in (*dataset.fields, *changes)}
    changed = replace(dataset, fields=tuple(new.values()))
    columns = dict.fromkeys([*facts["draft_picks"].c.keys(), *(field.name for field in changes)])
    with monkeypatch.context() as patch:
        patch.setitem(datasets.DATASETS, "draft_picks", changed)
        patch.setitem(LISTINGS, "draft_picks", listing(changed, table("draft_pick", *map(column, columns))))
        yield


def test_a_new_column_is_filled_from_the_file_that_is_loaded_already(
    load: Loader, with_agents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load(with_agents)["draft_picks"]
    load.rows("alter table draft_pick add column agent text")
    with declared(monkeypatch, Field("agent", "text", "who negotiates for him", stable=True)):
        again = load(with_agents)
        assert again["combine"].state == "unchanged"
        report = again["draft_picks"]
        assert (report.state, report.dataset_version) == ("loaded", (before.dataset_version or 0) + 1)
        assert (report.rows_inserted, report.rows_deleted) == (0, 0)
        assert report.rows_updated > 100
        assert report.rows_updated == load.value("select count(*) from draft_pick where agent is not null")
        assert (
            load.value("select count(*) from draft_pick where agent is distinct from case when pick % 2 = 0 then 'Agent ' || pick end") == 0
        )
        assert load.value("select count(*) from change_event") == 0, "the source has not changed"
        assert "agent" in pl.read_csv(load.exports / f"draft_picks-v{report.dataset_version}.csv", n_rows=1).columns
        third = load(with_agents)["draft_picks"]
        assert (third.state, set(third.timings)) == ("unchanged", {"extract"})


def test_a_value_that_differs_beside_a_new_column_is_still_recorded(
    load: Loader, with_agents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(with_agents)
    load.rows("alter table draft_pick add column agent text")
    load.rows("update draft_pick set age = 39 where season = 2012 and pick = 2")
    with declared(monkeypatch, Field("agent", "text", "who negotiates for him")):
        load(with_agents)
    assert load.rows("select season, pick, field, old_value from change_event") == [(2012, 2, "age", "39")]


def test_a_column_that_is_declared_otherwise_is_read_again(load: Loader, with_agents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(with_agents)
    with declared(monkeypatch, Field("age", "smallint", "age in the draft year", low=16, high=40)):
        report = load(with_agents)["draft_picks"]
    assert (report.state, report.rows_unchanged) == ("loaded", report.rows_read)


def test_a_column_that_is_no_longer_declared_is_no_loss(load: Loader, with_agents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load.rows("alter table draft_pick add column agent text")
    with declared(monkeypatch, Field("agent", "text", "who negotiates for him")):
        assert load(with_agents)["draft_picks"].state == "loaded"
    report = load(with_agents)["draft_picks"]
    assert (report.state, report.error, report.rows_updated) == ("loaded", None, 0)


def test_a_load_whose_ledger_row_has_no_columns_is_read_once_more(load: Loader, with_agents: Path) -> None:
    load(with_agents)
    load.rows("update load_run set columns_checksum = null")  # as an older version has written it
    again = load(with_agents)["draft_picks"]
    assert (again.state, again.rows_unchanged, again.rows_updated) == ("loaded", again.rows_read, 0)
    assert load.value("select count(*) from change_event") == 0
    assert load(with_agents)["draft_picks"].state == "unchanged"


def test_force_compares_every_row_of_an_unchanged_file(load: Loader, with_agents: Path) -> None:
    first = load(with_agents)["draft_picks"]
    load.rows("update draft_pick set college = 'Elsewhere' where season = 2012 and pick = 1")  # what a defect of the code might have done
    assert load(with_agents)["draft_picks"].state == "unchanged", "not read"
    forced = load(with_agents, force=True)
    assert (forced["combine"].state, forced["combine"].rows_unchanged) == ("unchanged", forced["combine"].rows_read)
    assert forced["combine"].timings.keys() > {"decode", "merge"}
    report = forced["draft_picks"]
    assert (report.state, report.rows_updated, report.rows_unchanged) == ("loaded", 1, report.rows_read - 1)
    assert load.rows("select kind, season, pick, field from change_event") == [("changed", 2012, 1, "college")]
    again = load(with_agents, force=True)["draft_picks"]
    assert (again.state, again.dataset_version) == ("unchanged", (first.dataset_version or 0) + 1)
    assert load.value("select count(*) from change_event") == 1


def test_force_does_not_apply_what_is_held_for_review(load: Loader, with_agents: Path) -> None:
    load(with_agents)
    load.rows("update draft_pick set team = 'XXX'")
    assert load(with_agents, replace=True)["draft_picks"].state == "unchanged", "--replace alone reads no file again"
    held = load(with_agents, force=True)["draft_picks"]
    assert held.state == "held"
    assert load(with_agents, force=True, replace=True)["draft_picks"].state == "loaded"
