"""Stage and merge: COPY the known seasons into a temporary table, find what differs, MERGE only that; new seasons are copied directly.

Everything happens in the transaction of the caller, so that a reader sees the data of before or of after, never a mixture.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import polars as pl

from pipeline.sources.schema import SourceSchema
from pipeline.steps.copying import copy_frame, fetch_frame
from pipeline.steps.identity import Assignment
from pipeline.steps.persons import PersonColumns, write_aliases, write_ids
from pipeline.steps.validate import check_stability


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact table and how a row of the file is recognised in it."""

    name: str
    schema: SourceSchema
    persons: PersonColumns
    #: Columns that make a row of the table unique.
    key: tuple[str, ...]
    #: Our own columns beside the source's, without person_id and run_id.
    added: tuple[str, ...]
    #: SQL condition under which a stored row (t) is the same record as a staged one (s).
    same_record: str
    #: Columns that, when equal in two staged rows, make same_record ambiguous; empty when the key is part of the source.
    record_columns: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is compared and written, without person_id and run_id."""
        return (*self.schema.column_names, *self.added)


@dataclass(slots=True)
class MergeCounts:
    """Rows of a merge by what happened to them."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> bool:
        """Whether the data set is another one than before."""
        return bool(self.inserted or self.updated or self.deleted)


FindPersons = Callable[[pl.DataFrame], Awaitable[pl.DataFrame]]


def quoted(columns: tuple[str, ...], prefix: str = "") -> str:
    """Columns for SQL: ``t."season", t."to"``."""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


async def begin_empty_tables(connection: asyncpg.Connection, tables: tuple[str, ...]) -> list[str]:
    """Prepare those of ``tables`` that hold no row for a bulk load; returns the statements that rebuild what was put aside.

    An empty table is truncated (with ``wal_level=minimal`` PostgreSQL then writes its rows to the table only, not to the log as well) and
    its secondary indexes are built once at the end instead of row by row. A table that somebody is reading is left as it is.
    """
    rebuild: list[str] = []
    for table in tables:
        if await connection.fetchval(f"select exists (select from {table})"):
            continue
        try:
            async with connection.transaction():
                await connection.execute(f"lock table {table} in access exclusive mode nowait")
                await connection.execute(f"truncate {table}")
                for row in await connection.fetch(
                    "select c.relname, pg_get_indexdef(i.indexrelid) as definition from pg_index i join pg_class c on c.oid = i.indexrelid"
                    " where i.indrelid = $1::regclass and not i.indisunique",
                    table,
                ):
                    await connection.execute(f"drop index {row['relname']}")
                    rebuild.append(row["definition"])
        except asyncpg.LockNotAvailableError:
            continue
    return rebuild


async def write_rows(connection: asyncpg.Connection, table: FactTable, frame: pl.DataFrame, known_seasons: set[int], run_id: int,
                     find_persons: FindPersons, before_copy: Callable[[pl.DataFrame], None], *, hold: bool) -> tuple[MergeCounts, pl.DataFrame]:  # fmt: skip
    """Bring the table to the state of ``frame`` (all rows, with a ``row`` number). Returns the counts and the frame with person_id.

    ``before_copy`` is given that frame when there are new rows, before they are written: there is time for it while PostgreSQL works.
    With ``hold``, raises ``LoadHeld`` when too much of a stable column would change.
    """
    rebuild = await begin_empty_tables(connection, (table.name, "person", "external_id"))
    is_known = pl.col("season").is_in(sorted(known_seasons))
    known, fresh = (frame.filter(is_known), frame.filter(~is_known)) if known_seasons else (frame.clear(), frame)
    unresolved = await _stage(connection, table, known) if len(known) else known
    found = await find_persons(pl.concat([unresolved, fresh]) if len(unresolved) else fresh)
    counts = MergeCounts()
    parts = []
    if len(known):
        newly = found.join(known.select("row"), on="row", how="semi")
        resolved = await _resolve(connection, newly)
        parts.append(known.join(resolved, on="row", how="left", maintain_order="left"))
        await _merge(connection, table, parts[0], run_id, counts, hold=hold)
    if len(fresh):
        rows = found.join(fresh.select("row"), on="row", how="semi", maintain_order="left") if len(known) else found
        parts.append(rows)
        complete = _in_order(parts, frame)
        before_copy(complete)
        stored = rows.select(*table.columns, "person_id", pl.lit(run_id).alias("run_id"))
        await copy_frame(connection, table.name, stored)
        counts.inserted += len(rows)
        if known_seasons:
            await _record_added(connection, table, run_id, rows["season"].unique().to_list())
    for definition in rebuild:
        await connection.execute(definition)
    return counts, _in_order(parts, frame)


def _in_order(parts: list[pl.DataFrame], frame: pl.DataFrame) -> pl.DataFrame:
    """The parts as one frame in the order of the file."""
    if len(parts) == 1:
        return parts[0]
    return pl.concat([part.select(*frame.columns, "person_id") for part in parts]).sort("row")


async def _stage(connection: asyncpg.Connection, table: FactTable, known: pl.DataFrame) -> pl.DataFrame:
    """COPY the rows to ``stage`` and note in ``kept_entry`` which stored record each one is. Returns the rows that are none."""
    await connection.execute(
        f"create temp table stage on commit drop as select {quoted(table.columns)}, null::int as row, null::bool as ambiguous"
        f" from {table.name} with no data"
    )
    ambiguous = pl.lit(value=False)
    if table.record_columns:
        ambiguous = pl.struct(table.record_columns).is_duplicated()
    await copy_frame(connection, "stage", known.select(*table.columns, "row", ambiguous.alias("ambiguous")))
    await connection.execute("analyze stage")
    await connection.execute(
        "create temp table kept_entry on commit drop as select s.row, min(t.season) as season, min(t.person_id) as person_id"
        f" from stage s join {table.name} t on {table.same_record} where not s.ambiguous group by s.row having count(*) = 1"
    )
    await connection.execute("analyze kept_entry")
    open_rows = await fetch_frame(
        connection, "select s.row from stage s where not exists (select from kept_entry k where k.row = s.row)", {"row": pl.UInt32}
    )
    return known.join(open_rows, on="row", how="semi", maintain_order="left")


async def _resolve(connection: asyncpg.Connection, newly: pl.DataFrame) -> pl.DataFrame:
    """Add the newly found persons to ``kept_entry`` and return (row, person_id) of every staged row."""
    await copy_frame(connection, "kept_entry", newly.select("row", "season", "person_id"))
    return await fetch_frame(connection, "select row, person_id from kept_entry", {"row": pl.UInt32, "person_id": pl.Int32})


async def _merge(connection: asyncpg.Connection, table: FactTable, known: pl.DataFrame, run_id: int, counts: MergeCounts,
                 *, hold: bool) -> None:  # fmt: skip
    """Find the staged rows that differ, record the differences field by field, and MERGE them."""
    on_key = " and ".join(f"t.{column} = {'k' if column == 'person_id' else 's'}.{column}" for column in table.key)
    await connection.execute(
        f"create temp table delta on commit drop as select {quoted(table.columns, 's.')}, k.person_id, s.row,"
        " t.season is not null as stored, false as vanished"
        f" from stage s join kept_entry k using (row) left join {table.name} t on {on_key}"
        f" where t.season is null or ({quoted(table.columns, 't.')}, t.person_id)"
        f" is distinct from ({quoted(table.columns, 's.')}, k.person_id)"
    )
    inserted, updated = await connection.fetchrow("select count(*) filter (where not stored), count(*) filter (where stored) from delta")
    stored = await connection.fetchval(f"select count(*) from {table.name}")
    if len(known) - inserted < stored:
        await _add_vanished(connection, table)
    deleted = await connection.fetchval("select count(*) from delta where vanished")
    if hold:
        await _check_stable(connection, table, len(known))
    await _record_changes(connection, table, run_id)
    await _apply(connection, table, run_id)
    touched = await fetch_frame(connection, "select row, person_id from delta where not vanished", {"row": pl.UInt32, "person_id": pl.Int32})
    if len(touched):
        rows = known.drop("person_id").join(touched, on="row")
        await write_ids(connection, rows, table.persons, Assignment())
        await write_aliases(connection, rows, table.persons)
    counts.inserted += inserted
    counts.updated += updated
    counts.deleted += deleted
    counts.unchanged += len(known) - inserted - updated


async def _add_vanished(connection: asyncpg.Connection, table: FactTable) -> None:
    """Stored rows that the file no longer has: the gates have decided by now that so few may go."""
    on_key = " and ".join(f"{'k' if column in ('person_id', 'season') else 's'}.{column} = t.{column}" for column in table.key)
    await connection.execute(
        f"insert into delta select {quoted(table.columns, 't.')}, t.person_id, null, true, true from {table.name} t"
        f" where not exists (select from kept_entry k join stage s using (row) where {on_key})"
    )


async def _check_stable(connection: asyncpg.Connection, table: FactTable, compared: int) -> None:
    """Count, per stable column, the values that would be replaced by another value."""
    stable = table.schema.stable_columns
    sums = ", ".join(f'count(*) filter (where t."{c}" is not null and d."{c}" is distinct from t."{c}") as "{c}"' for c in stable)
    row = await connection.fetchrow(f"select {sums} from delta d join {table.name} t on {_delta_key(table)} where not d.vanished")
    check_stability(dict(row), compared, table.schema)


def _delta_key(table: FactTable) -> str:
    return " and ".join(f"t.{column} = d.{column}" for column in table.key)


def _event_columns(table: FactTable) -> str:
    pick = "d.pick" if "pick" in table.key else "null::int"
    return f"$1, '{table.schema.dataset}', d.season, {pick}, d.person_id, d.{table.persons.name}"


async def _record_changes(connection: asyncpg.Connection, table: FactTable, run_id: int) -> None:
    """One change event per field that differs, one per row that came or went."""
    fields = ", ".join(f"""('{c}', t."{c}"::text, d."{c}"::text)""" for c in (*table.schema.column_names, "person_id"))
    target = "insert into change_event (run_id, dataset, season, pick, person_id, name, kind, field, old_value, new_value)"
    await connection.execute(
        f"{target} select {_event_columns(table)}, 'changed', v.field, v.old, v.new from delta d join {table.name} t on {_delta_key(table)}"
        f" cross join lateral (values {fields}) v(field, old, new) where not d.vanished and v.old is distinct from v.new",
        run_id,
    )
    await connection.execute(
        f"{target} select {_event_columns(table)}, case when d.vanished then 'removed' else 'added' end, null, null, null"
        " from delta d where d.vanished or not d.stored",
        run_id,
    )


async def _record_added(connection: asyncpg.Connection, table: FactTable, run_id: int, seasons: list[int]) -> None:
    """An event per row of a season that the database did not have; the very first load is a beginning, not a change."""
    await connection.execute(
        "insert into change_event (run_id, dataset, season, pick, person_id, name, kind)"
        f" select {_event_columns(table)}, 'added' from {table.name} d where d.season = any($2::int[])",
        run_id,
        seasons,
    )


async def _apply(connection: asyncpg.Connection, table: FactTable, run_id: int) -> None:
    """MERGE the delta into the table."""
    columns = (*table.columns, "person_id")
    assignments = ", ".join(f'"{c}" = d."{c}"' for c in columns if c not in table.key)
    await connection.execute(
        f"merge into {table.name} t using delta d on {_delta_key(table)}"
        " when matched and d.vanished then delete"
        f" when matched then update set {assignments}, run_id = {run_id:d}"
        f" when not matched then insert ({quoted(columns)}, run_id) values ({quoted(columns, 'd.')}, {run_id:d})"
    )
