"""Stage and merge: COPY the known seasons into a temporary table, find what differs, MERGE only that; new seasons are copied directly.

Everything happens in the transaction of the caller, so that a reader sees the data of before or of after, never a mixture.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.steps.bulk import Emptied, all_exist, begin_empty_tables
from pipeline.steps.copying import copy_frame, fetch_frame
from pipeline.steps.identity import Assignment
from pipeline.steps.normalise import name_keys
from pipeline.steps.persons import Found, remove_orphans, update_persons, write_aliases, write_ids
from pipeline.steps.validate import check_stability


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact table and how a row of the file is recognised in it."""

    dataset: Dataset
    #: SQL equality that brings a stored row (t) and a staged one (s) together before all their columns are compared.
    meeting: str
    #: SQL condition under which a stored row (t) is an earlier version of the same record as a staged one (s).
    same_record: str
    #: Columns that, when equal in two staged rows, make same_record ambiguous; empty when the key is part of the source.
    record_columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table in the database."""
        return self.dataset.table

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that make a row of the table unique."""
        return self.dataset.key

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is compared and written, without person_id and run_id."""
        return tuple(field.name for field in self.dataset.stored if field.name != "person_id")


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


FindPersons = Callable[[pl.DataFrame], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What else there is to do while PostgreSQL takes a file whose rows are all new.

    ``export`` is given them all, with person_id, before anything is written; ``beside_indexes`` is called when PostgreSQL has them all: the
    frame is let go by then, so that the next file may take its place in memory.
    """

    export: Callable[[pl.DataFrame], None]
    beside_indexes: Callable[[], None]


def quoted(columns: tuple[str, ...], prefix: str = "") -> str:
    """Columns for SQL: ``t."season", t."to"``."""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


@dataclass(slots=True)
class _Parts:
    """The rows of a file on their way: those of seasons the table had, and those of new seasons with their persons."""

    frame: pl.DataFrame
    known: pl.DataFrame
    fresh: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Written:
    """What a merge did, and the whole frame with person_id for those who need it; None where ``Meanwhile.export`` was given it."""

    counts: MergeCounts
    complete: Callable[[], Awaitable[pl.DataFrame]] | None


async def write_rows(
    connection: asyncpg.Connection,
    table: FactTable,
    frame: pl.DataFrame,
    known_seasons: set[int],
    run_id: int,
    find_persons: FindPersons,
    meanwhile: Meanwhile,
    *,
    hold: bool,
    first: bool,
    unread: frozenset[str] = frozenset(),
) -> Written:
    """Bring the table to the state of ``frame`` (all rows, with a ``row`` number).

    With ``hold``, raises ``LoadHeld`` when too much of a stable column would change. ``first``: the data set was never loaded; its
    empty tables are locked until the load ends, and readers of them wait. ``unread``: columns that no load has read before; filling
    them is not recorded as a change.
    """
    emptied = await begin_empty_tables(connection, (table.name, "person", "external_id", "person_alias")) if first else Emptied()
    known, fresh = _by_season(frame, known_seasons)
    counts = MergeCounts()
    unresolved = await _stage(connection, table, known, counts) if len(known) else known
    persons = await find_persons(pl.concat([unresolved, fresh]) if len(unresolved) else fresh)
    found = persons.rows
    all_new = len(fresh) and not len(known)
    if all_new:
        meanwhile.export(found)
    await persons.write(emptied.tables)
    made = persons.made
    del persons
    if len(known):
        await copy_frame(connection, "kept_entry", found.join(unresolved, on="row", how="semi").select("row", "season", "person_id"))
        await _merge(connection, table, known, run_id, counts, hold=hold, unread=unread)
        found = found.join(fresh.select("row"), on="row", how="semi", maintain_order="left")
    if len(fresh):
        await copy_frame(
            connection,
            table.name,
            found.select(*table.columns, "person_id", pl.lit(run_id).alias("run_id")),
            emptied=table.name in emptied.tables,
        )
        counts.inserted += len(fresh)
        if known_seasons:
            await _record_added(connection, table, run_id, fresh["season"].unique().to_list())
    parts = None if all_new else _Parts(frame, known, found)
    person_ids = found["person_id"]
    del frame, known, fresh, found
    if parts is None:
        meanwhile.beside_indexes()
    for definition in emptied.rebuild:
        await connection.execute(definition)
    # when every row written is one of those found, counting the persons is enough
    if counts.changed and (parts is not None or not await all_exist(connection, person_ids, made)):
        await _check_persons(connection, table, run_id)
    return Written(counts, partial(_complete, connection, table, parts) if parts is not None else None)


def _by_season(frame: pl.DataFrame, known_seasons: set[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of seasons that the table has, and the others; the frame itself, not a copy, where all rows are of one kind."""
    is_known = frame["season"].is_in(sorted(known_seasons))
    if is_known.all():
        return frame, frame.clear()
    if not is_known.any():
        return frame.clear(), frame
    return frame.filter(is_known), frame.filter(~is_known)


async def _check_persons(connection: asyncpg.Connection, table: FactTable, run_id: int) -> None:
    """Every row written by this load belongs to a person that exists; PostgreSQL is not asked row by row, but once here."""
    lost = await connection.fetchval(
        f"select count(*) from {table.name} t where t.run_id = $1 and not exists (select from person p where p.person_id = t.person_id)",
        run_id,
    )
    if lost:
        raise QualityGateFailed(f"{lost} rows of {table.name} would belong to nobody; this is an error in the matching rules.")


async def _complete(connection: asyncpg.Connection, table: FactTable, parts: _Parts) -> pl.DataFrame:
    """All rows with person_id in the order of the file; after the merge every staged row equals exactly one stored row."""
    persons = await fetch_frame(
        connection,
        f"select s.row, t.person_id from stage s join {table.name} t on {table.meeting} and {_equal(table)}",
        {"row": pl.UInt32, "person_id": pl.Int32},
    )
    known = parts.known.join(persons, on="row", how="left", maintain_order="left")
    columns = [*parts.frame.columns, "person_id"]
    return pl.concat([known.select(columns), parts.fresh.select(columns)]).sort("row")


def _equal(table: FactTable) -> str:
    """SQL: a stored row (t) and a staged one (s) agree in every column."""
    return f"({quoted(table.columns, 't.')}) is not distinct from ({quoted(table.columns, 's.')})"


async def _stage(connection: asyncpg.Connection, table: FactTable, known: pl.DataFrame, counts: MergeCounts) -> pl.DataFrame:
    """COPY the rows to ``stage``; compare them with the table; note in ``kept_entry`` which changed row is which stored record.

    Returns the rows that are no stored record. ``released`` are the stored rows that no staged row equals.
    """
    await connection.execute(
        f"create temp table stage on commit drop as select {quoted(table.columns)}, null::int as row, null::bool as ambiguous"
        f" from {table.name} with no data"
    )
    ambiguous = pl.struct(table.record_columns).is_duplicated() if table.record_columns else pl.lit(value=False)
    await copy_frame(connection, "stage", known.select(*table.columns, "row", ambiguous.alias("ambiguous")))
    await connection.execute(
        f"create temp table differing on commit drop as select s.* from stage s where not exists (select from {table.name} t"
        f" where {table.meeting} and {_equal(table)})"
    )
    key_columns = quoted(tuple(dict.fromkeys((*table.key, "person_id"))), "t.")
    await connection.execute(f"create temp table released on commit drop as select {key_columns} from {table.name} t with no data")
    await connection.execute("create temp table kept_entry (row int, season int, person_id int) on commit drop")
    differing = await connection.fetchval("select count(*) from differing")
    counts.unchanged = len(known) - differing
    if counts.unchanged == await connection.fetchval(f"select count(*) from {table.name}"):
        return await _rows_of(connection, "differing", known)
    await connection.execute(
        f"insert into released select {key_columns} from {table.name} t where not exists (select from stage s"
        f" where {table.meeting} and {_equal(table)})"
    )
    on_key = " and ".join(f"t.{column} = r.{column}" for column in table.key)
    await connection.execute(
        "insert into kept_entry select s.row, min(t.season), min(t.person_id) from differing s"
        f" join ({table.name} t join released r on {on_key}) on {table.same_record}"
        " where not s.ambiguous group by s.row having count(*) = 1"
    )
    await connection.execute("delete from kept_entry k using kept_entry o where k.season = o.season and k.person_id = o.person_id"
                             " and k.row > o.row")  # fmt: skip
    return await _rows_of(connection, "differing d where not exists (select from kept_entry k where k.row = d.row)", known)


async def _rows_of(connection: asyncpg.Connection, table: str, known: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``known`` whose numbers are in a temporary table."""
    numbers = await fetch_frame(connection, f"select row from {table}", {"row": pl.UInt32})
    return known.join(numbers, on="row", how="semi", maintain_order="left")


async def _merge(connection: asyncpg.Connection, table: FactTable, known: pl.DataFrame, run_id: int, counts: MergeCounts,
                 *, hold: bool, unread: frozenset[str]) -> None:  # fmt: skip
    """Record the differences field by field and MERGE them. ``kept_entry`` knows the person of every differing row by now."""
    on_key = " and ".join(f"t.{column} = {'k' if column == 'person_id' else 's'}.{column}" for column in table.key)
    await connection.execute(
        f"create temp table delta on commit drop as select {quoted(table.columns, 's.')}, k.person_id, s.row,"
        " t.season is not null as stored, false as vanished"
        f" from differing s join kept_entry k using (row) left join {table.name} t on {on_key}"
    )
    await _add_vanished(connection, table)
    [(inserted, updated, deleted)] = await connection.fetch(
        "select count(*) filter (where not stored), count(*) filter (where stored and not vanished),"
        " count(*) filter (where vanished) from delta"
    )
    if not inserted + updated + deleted:
        return
    if hold:
        await _check_stable(connection, table, len(known))
    await _record_changes(connection, table, run_id, unread)
    await _apply(connection, table, run_id)
    touched = await fetch_frame(
        connection, "select row, person_id from delta where not vanished", {"row": pl.UInt32, "person_id": pl.Int32}
    )
    rows = known.join(touched, on="row")
    rows = rows.with_columns(name_keys(rows[table.dataset.persons.name]).alias("name_key"))
    # first, because an id of somebody who is no more may belong to one of these rows
    await remove_orphans(connection)
    await write_ids(connection, rows, table.dataset, Assignment(), run_id)
    await update_persons(connection, rows, table.dataset)
    await write_aliases(connection, rows, table.dataset, ())
    counts.inserted += inserted
    counts.updated += updated
    counts.deleted += deleted


async def _add_vanished(connection: asyncpg.Connection, table: FactTable) -> None:
    """Stored rows that the file no longer has: the gates have decided by now that so few may go."""
    on_key = " and ".join(f"t.{column} = r.{column}" for column in table.key)
    in_delta = " and ".join(f"d.{column} = r.{column}" for column in table.key)
    await connection.execute(
        f"insert into delta select {quoted(table.columns, 't.')}, t.person_id, null, true, true from released r"
        f" join {table.name} t on {on_key} where not exists (select from delta d where {in_delta})"
    )


async def _check_stable(connection: asyncpg.Connection, table: FactTable, compared: int) -> None:
    """Count, per stable column, the values that would be replaced by another value."""
    stable = table.dataset.stable
    sums = ", ".join(f'count(*) filter (where t."{c}" is not null and d."{c}" is distinct from t."{c}") as "{c}"' for c in stable)
    [row] = await connection.fetch(f"select {sums} from delta d join {table.name} t on {_delta_key(table)} where not d.vanished")
    check_stability(dict(row.items()), compared, table.dataset)


def _delta_key(table: FactTable) -> str:
    return " and ".join(f"t.{column} = d.{column}" for column in table.key)


def _event_columns(table: FactTable) -> str:
    pick = "d.pick" if "pick" in table.key else "null::int"
    return f"$1, '{table.dataset.name}', d.season, {pick}, d.person_id, d.{table.dataset.persons.name}"


async def _record_changes(connection: asyncpg.Connection, table: FactTable, run_id: int, unread: frozenset[str]) -> None:
    """Record one change event per field that differs, and one per row that came or went."""
    columns = (*(c for c in table.dataset.field_names if c not in unread), "person_id")
    fields = ", ".join(f"""('{c}', t."{c}"::text, d."{c}"::text)""" for c in columns)
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
