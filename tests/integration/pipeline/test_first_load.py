"""What the first load does differently: tables without rows are filled without their indexes."""

from __future__ import annotations

import asyncio
from typing import cast

import asyncpg
import polars as pl
import pytest

from app.datasets.model import Dataset
from pipeline import load as load_module
from pipeline.explain import explain
from pipeline.extraction import Extracted, extract
from pipeline.options import LoadOptions
from pipeline.steps import merge, persons
from pipeline.steps.bulk import Emptied, all_exist, begin_empty_tables
from pipeline.steps.copying import copy_frame
from pipeline.steps.overlap import Exports
from tests.integration.pipeline.conftest import Loader, Writer

INDEXES = """
    select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisvalid, pg_get_constraintdef(k.oid)
    from pg_index i left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u')
    where i.indrelid in ('draft_pick'::regclass, 'combine_entry'::regclass, 'person'::regclass, 'external_id'::regclass,
        'person_alias'::regclass) order by 1
"""

#: Tables whose first rows are written as if they had always been there.
FROZEN = ["combine_entry", "draft_pick", "external_id", "person"]


def test_every_index_is_there_afterwards(load: Loader, folder: Writer) -> None:
    before = load.rows(INDEXES)
    assert {report.state for report in load(folder()).values()} == {"loaded"}
    assert load.rows(INDEXES) == before


def test_a_doubled_key_is_refused_when_the_keys_come_back(database: str) -> None:
    async def load_twice(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            emptied = await begin_empty_tables(connection, ("external_id",))
            assert emptied.tables == {"external_id"}
            assert len(emptied.rebuild) == 2
            await connection.execute("insert into external_id select 'pfr', 'SmitJo00', 1, 2000, 2000 from generate_series(1, 2)")
            for statement in emptied.rebuild:
                await connection.execute(statement)

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database)
        try:
            before = await connection.fetch(INDEXES)
            with pytest.raises(asyncpg.UniqueViolationError) as refused:
                await load_twice(connection)
            sentence = explain(refused.value)
            assert "same key in external_id" in sentence
            assert "SmitJo00" in sentence
            assert "correct the file and load again" in sentence
            assert await connection.fetch(INDEXES) == before
            return await connection.fetch("select from external_id")
        finally:
            await connection.close()

    assert asyncio.run(run()) == []


class Meddled:
    """A connection before whose lock somebody else commits a row."""

    def __init__(self, connection: asyncpg.Connection, dsn: str) -> None:
        self._connection, self._dsn = connection, dsn

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def execute(self, statement: str) -> str:
        if statement.startswith("lock table"):
            other = await asyncpg.connect(self._dsn)
            await other.execute("insert into external_id values ('pfr', 'SmitJo00', 1, 2000, 2000)")
            await other.close()
        return str(await self._connection.execute(statement))


def test_a_row_that_comes_between_the_look_and_the_lock_stays(database: str) -> None:
    async def run() -> tuple[Emptied, int, int]:
        connection = await asyncpg.connect(database)
        other = await asyncpg.connect(database, server_settings={"lock_timeout": "1s"})
        try:
            async with connection.transaction():
                emptied = await begin_empty_tables(cast("asyncpg.Connection", Meddled(connection, database)), ("external_id",))
                # the lock went with the attempt: others still read
                return emptied, await other.fetchval("select count(*) from external_id"), len(await connection.fetch(INDEXES))
        finally:
            await connection.close()
            await other.close()

    emptied, rows, indexes = asyncio.run(run())
    assert (emptied, rows) == (Emptied(), 1)
    assert indexes > 4


def test_a_table_with_rows_is_left_alone(load: Loader, folder: Writer, database: str) -> None:
    load(folder())

    async def run() -> Emptied:
        connection = await asyncpg.connect(database)
        try:
            async with connection.transaction():
                return await begin_empty_tables(connection, ("draft_pick", "external_id"))
        finally:
            await connection.close()

    assert asyncio.run(run()) == Emptied()


def test_rows_of_a_first_load_need_no_second_visit(load: Loader, folder: Writer) -> None:
    load(folder())
    seen = load.rows("select relname, relallvisible > relpages / 2 from pg_class where relname = any($1) and relpages > 0", FROZEN)
    assert sorted(seen) == [(table, True) for table in FROZEN]


@pytest.mark.parametrize("table", [*FROZEN, "person_alias"])
def test_a_table_that_somebody_reads_is_left_as_it_is_and_everything_is_loaded(
    load: Loader, folder: Writer, database: str, table: str
) -> None:
    """As an API does that already answers. The tables that were emptied before the one that cannot be had are filled all the same."""
    directory = folder()
    before = load.rows(INDEXES)
    with asyncio.Runner() as runner:
        reader = runner.run(asyncpg.connect(database))
        try:
            runner.run(reader.execute(f"begin; select from {table}"))
            reports = load(directory)
        finally:
            runner.run(reader.close())
    assert {(report.state, report.error) for report in reports.values()} == {("loaded", None)}
    assert load.rows(INDEXES) == before


def test_counting_proves_only_ranges_without_a_gap(load: Loader, folder: Writer, database: str) -> None:
    load(folder())
    [(low, high)] = load.rows("select min(person_id), max(person_id) from person")
    load.rows("delete from person where person_id = $1", 7)

    async def run(*person_ids: int | None, made: range = range(0)) -> bool:
        connection = await asyncpg.connect(database)
        try:
            return await all_exist(connection, pl.Series(person_ids, dtype=pl.Int32), made)
        finally:
            await connection.close()

    assert asyncio.run(run(8, 9, int(str(high))))
    assert not asyncio.run(run(int(str(low)), 8))  # 7 is gone
    assert not asyncio.run(run(9, int(str(high)) + 1))
    assert not asyncio.run(run(8, None))
    assert not asyncio.run(run(8, None, made=range(8, 9)))
    # those that this load has made need no look, and nobody else's look is spared by them
    assert asyncio.run(run(8, int(str(high)) + 1, made=range(int(str(high)) + 1, int(str(high)) + 2)))
    assert not asyncio.run(run(6, 8, int(str(high)) + 1, made=range(int(str(high)) + 1, int(str(high)) + 2)))
    assert asyncio.run(run())


def test_fewer_people_than_were_promised_are_an_error(load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That a row's new person exists is not asked of the database any more: as many are written as ids were handed out."""
    written = persons._persons

    def one_less(*arguments: object, **options: bool) -> pl.DataFrame:
        return written(*arguments, **options)[1:]  # type: ignore[arg-type]

    monkeypatch.setattr(persons, "_persons", one_less)
    reports = load(folder())
    assert {report.state for report in reports.values()} == {"failed"}
    assert "an error in the matching rules" in str(reports["draft_picks"].error)
    assert load.value("select count(*) from person") == 0


def test_what_is_derived_is_made_beside_what_postgresql_takes(load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """At half speed until PostgreSQL has the rows; the next file is read when nothing is written any more."""
    order: list[str] = []

    async def copied(connection: asyncpg.Connection, table: str, frame: pl.DataFrame, *, emptied: bool = False) -> None:
        order.append(table)
        await copy_frame(connection, table, frame, emptied=emptied)

    class Noted(Exports):
        def begin(self, frame: pl.DataFrame, number: int | None) -> None:
            order.append("derive")
            super().begin(frame, number)

        def hurry(self) -> None:
            if not self._hurry.is_set():
                order.append("hurry")
            super().hurry()

        async def settled(self) -> None:
            await super().settled()
            order.append("settled")

    async def extracted(options: LoadOptions, dataset: Dataset) -> Extracted:
        order.append(f"read {dataset.name}")
        return await extract(options, dataset)

    monkeypatch.setattr(load_module, "extract", extracted)
    monkeypatch.setattr(persons, "copy_frame", copied)
    monkeypatch.setattr(merge, "copy_frame", copied)
    monkeypatch.setattr(load_module, "Exports", Noted)
    assert {report.state for report in load(folder()).values()} == {"loaded"}
    steps = [step for step in order if step in {"derive", "person", "hurry", "read combine", "draft_pick", "combine_entry"}]
    assert steps == ["derive", "person", "draft_pick", "hurry", "read combine", "derive", "person", "combine_entry", "hurry"]
    assert "settled" in order[order.index("hurry") : order.index("read combine")]


def test_an_old_name_that_is_told_in_two_ways_is_one_alias(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """The combine knows him; he is selected under that name, and again, a year later, under another, which is his from then on."""
    picks = made_up["draft_picks"]
    known = made_up["combine"].filter(pl.col("draft_ovr").is_not_null() & pl.col("pfr_id").is_not_null())
    season, name, pfr_id = known.select("season", "player_name", "pfr_id").row(0)
    [first] = picks.filter(pl.col("pfr_player_id") == pfr_id).to_dicts()
    again = (pl.col("season") == season + 1) & (pl.col("pick") == 1)
    told = {
        **{column: first[column] for column in ("pfr_player_id", "college", "position", "category", "side")},
        "pfr_player_name": "Ray Crash",
    }
    picks = picks.with_columns(pl.when(again).then(pl.lit(value)).otherwise(column).alias(column) for column, value in told.items())
    picks = picks.with_columns(
        pl.when((pl.col("season") == season) & (pl.col("pick") == first["pick"]))
        .then(pl.lit(name))
        .otherwise("pfr_player_name")
        .alias("pfr_player_name")
    )
    files = folder("twice", draft_picks=picks)
    assert load(files, datasets=("combine",))["combine"].state == "loaded"
    assert load.value("select count(*) from person_alias") == 0
    assert load(files, datasets=("draft_picks",))["draft_picks"].error is None
    people = load.rows("select p.person_id, p.name from person p join external_id e using (person_id) where e.value = $1", pfr_id)
    assert [person_name for _, person_name in people] == ["Ray Crash"]
    assert load.rows("select name from person_alias where person_id = $1", people[0][0]) == [(name,)]


def test_a_new_person_with_two_spellings_has_both_names(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    picks = made_up["draft_picks"]
    [first] = picks.filter((pl.col("season") == 2011) & (pl.col("pick") == 1)).to_dicts()
    told = {column: first[column] for column in ("college", "position", "category", "side")} | {"pfr_player_id": "CrasRa00"}
    for season, spelling in ((2011, "Ray Crash"), (2012, "Ray Crash Jr.")):
        here = (pl.col("season") == season) & (pl.col("pick") == 1)
        picks = picks.with_columns(
            pl.when(here).then(pl.lit(value)).otherwise(column).alias(column)
            for column, value in {**told, "pfr_player_name": spelling}.items()
        )
    load(folder(draft_picks=picks), datasets=("draft_picks",))
    [(person, name, begin, end)] = load.rows(
        "select distinct p.person_id, p.name, p.first_season, p.last_season from person p join draft_pick d using (person_id)"
        " where d.pfr_player_id = 'CrasRa00'"
    )
    assert (name, begin, end) == ("Ray Crash Jr.", 2011, 2012)
    assert load.rows("select name from person_alias where person_id = $1", person) == [("Ray Crash",)]


def test_seasons_of_a_person_widen_both_ways(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    """Two who were measured a year before, and a year after, they were selected; both under other names."""
    entries = made_up["combine"]
    [earlier, later] = (
        entries.filter(pl.col("draft_ovr").is_not_null() & pl.col("season").is_between(2005, 2015))
        .unique("season", keep="first", maintain_order=True)["season", "draft_year", "draft_ovr"]
        .rows()[:2]
    )
    slots = [(row, row[0] + years) for row, years in ((earlier, -1), (later, 1))]
    for (season, year, pick), told in slots:
        here = (pl.col("season") == season) & (pl.col("draft_year") == year) & (pl.col("draft_ovr") == pick)
        entries = entries.with_columns(
            pl.when(here).then(pl.lit(told, dtype=pl.Int32)).otherwise("season").alias("season"),
            pl.when(here).then(pl.lit("Ray Crash")).otherwise("player_name").alias("player_name"),
        )
    load(folder(combine=entries.sort("season", maintain_order=True)))
    for (_, year, pick), told in slots:
        assert load.rows(
            "select p.first_season, p.last_season from person p join draft_pick d using (person_id) where d.season = $1 and d.pick = $2",
            year, pick,
        ) == [(min(year, told), max(year, told))]  # fmt: skip


def test_a_pick_beside_its_twin_is_left_out_with_a_warning(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame]) -> None:
    picks = made_up["draft_picks"]
    report = load(folder(draft_picks=pl.concat([picks[:5], picks[4:]])))["draft_picks"]
    assert (report.state, report.rows_inserted) == ("loaded", len(picks))
    assert load.value("select count(*) from quality_issue where rule = 'repeated_row'") == 1
