"""What the first load does differently: tables without rows are filled without their indexes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import asyncpg
import polars as pl
import pytest

from pipeline import run
from pipeline.run import _sentence
from pipeline.steps import persons
from pipeline.steps.bulk import Emptied, all_exist, begin_empty_tables
from pipeline.steps.copying import copy_frame
from pipeline.steps.merge import Meanwhile
from tests.integration.pipeline.conftest import Loader, Writer

INDEXES = """
    select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisvalid, pg_get_constraintdef(k.oid)
    from pg_index i left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u')
    where i.indrelid in ('draft_pick'::regclass, 'combine_entry'::regclass, 'person'::regclass, 'external_id'::regclass) order by 1
"""


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
            sentence = _sentence(refused.value)
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
    pages = load.rows(
        "select relname, relpages > 0, relallvisible > relpages / 2 from pg_class where relname in ('draft_pick', 'combine_entry')"
    )
    assert sorted(tuple(page) for page in pages) == [("combine_entry", True, True), ("draft_pick", True, True)]


@pytest.mark.parametrize("table", ["draft_pick", "combine_entry", "person", "external_id"])
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

    async def run(*person_ids: int | None) -> bool:
        connection = await asyncpg.connect(database)
        try:
            return await all_exist(connection, pl.Series(person_ids, dtype=pl.Int32))
        finally:
            await connection.close()

    assert asyncio.run(run(8, 9, int(str(high))))
    assert not asyncio.run(run(int(str(low)), 8))  # 7 is gone
    assert not asyncio.run(run(9, int(str(high)) + 1))
    assert not asyncio.run(run(8, None))
    assert not asyncio.run(run())


def test_exports_do_not_keep_new_people_waiting_but_begin_beside_those_on_record(
    load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async def copied(connection: asyncpg.Connection, table: str, frame: pl.DataFrame) -> None:
        order.append(table)
        await copy_frame(connection, table, frame)

    def meanwhile(export: Callable[[pl.DataFrame], None], read_on: Callable[[], None]) -> Meanwhile:
        def noted(rows: pl.DataFrame) -> None:
            order.append("exports")
            export(rows)

        return Meanwhile(noted, read_on)

    monkeypatch.setattr(persons, "copy_frame", copied)
    monkeypatch.setattr(run, "Meanwhile", meanwhile)
    assert {report.state for report in load(folder()).values()} == {"loaded"}
    assert order[:5] == ["person", "external_id", "exports", "exports", "person"]
