"""Write people: new persons, their ids and other names, and the claims that were not believed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import asyncpg
import polars as pl

from app.datasets import DATASETS
from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.issues import Issue
from pipeline.steps.conflicts import PEOPLE
from pipeline.steps.copying import copy_frame
from pipeline.steps.decisions import apply_decisions, record_holders
from pipeline.steps.events import keep_past
from pipeline.steps.identity import Assignment
from pipeline.steps.normalise import look_up
from pipeline.steps.overlap import alongside


async def reserve_person_ids(connection: asyncpg.Connection, count: int) -> int:
    """Reserve ``count`` consecutive new person ids and return the first; the load lock excludes other writers."""
    first: int = await connection.fetchval("select nextval('person_id_seq')")
    if count > 1:
        await connection.execute("select setval('person_id_seq', $1)", first + count - 1)
    return first


@dataclass(frozen=True, slots=True)
class Found:
    """Rows with ``person_id`` for all, and the function that writes new people, their ids and their names.

    ``made`` are the ids of new people; when ``write`` returns, the database has a person for each. ``write`` takes the tables that this
    transaction has emptied. ``issues`` were found on the way.
    """

    rows: pl.DataFrame
    write: Callable[[Collection[str]], Awaitable[None]]
    made: range = range(0)
    issues: tuple[Issue, ...] = ()


async def _nothing(_: Collection[str]) -> None:
    """Write nothing, for rows without new people."""


def no_persons(rows: pl.DataFrame) -> Found:
    """Return an empty result, for no rows."""
    return without_persons(rows.with_columns(pl.lit(None, dtype=pl.Int32).alias("person_id")))


def without_persons(rows: pl.DataFrame) -> Found:
    """Return the rows unchanged: their data set has no people of its own."""
    return Found(rows, _nothing)


async def find_missing_persons(connection: asyncpg.Connection, rows: pl.DataFrame, leader: dict[int, int], assignment: Assignment,
                               dataset: Dataset, run_id: int, *, synthetic: bool,
                               selected: pl.Series | None = None) -> Found:  # fmt: skip
    """Give every row without a person a new one; rows of one ``leader`` share it.

    What is to be written are also the ids of the rows, the names that differ from the person's own, and the refused claims.
    ``selected``: persons known to have a selection, which says more about them than these rows do.
    """
    columns = (
        "row",
        "season",
        "name_key",
        "college_id",
        dataset.persons.name,
        dataset.persons.position,
        *(column for _, column in dataset.persons.ids),
    )
    await apply_decisions(connection, dataset, rows, assignment, leader)
    known = _with_leaders(look_up(rows.select(columns), assignment.pairs(), ["row"]), leader)
    missing = known.filter(pl.col("person_id").is_null())
    made = range(0)
    if missing.is_empty():
        known = known.with_columns(pl.lit(None, dtype=pl.Int32).alias("new_id"))
    else:
        heads = missing.select("leader").unique(maintain_order=True) if leader else missing.select("leader")
        first = await reserve_person_ids(connection, len(heads))
        made = range(first, first + len(heads))
        heads = heads.with_columns(pl.int_range(made.start, made.stop, dtype=pl.Int32).alias("new_id"))
        known = look_up(known, heads, ["leader"])
        known = known.with_columns(pl.coalesce("person_id", "new_id").alias("person_id"))

    async def write(emptied: Collection[str]) -> None:
        telling = assignment.unsettled(known)
        persons = _persons(known.filter(pl.col("new_id").is_not_null()), dataset, run_id, synthetic=synthetic)
        if len(persons) != len(made):
            raise QualityGateFailed(f"{len(made)} people are new, {len(persons)} would be written; this is an error in the matching rules.")
        inserting = copy_frame(connection, "person", persons, emptied="person" in emptied)
        claims = await alongside(inserting, lambda: _claims(assignment.claiming(telling), dataset, assignment))
        await _write_claims(connection, claims, run_id, emptied)
        recognised = telling.filter(pl.col("new_id").is_null())
        if selected is not None:
            recognised = recognised.filter(~pl.col("person_id").is_in(selected.implode()))
        await update_persons(connection, recognised, dataset)
        await write_aliases(connection, telling, dataset, emptied)
        await record_holders(connection, dataset, known, assignment)
        await _write_conflicts(connection, known, assignment, run_id)

    return Found(rows.with_columns(known["person_id"]), write, made)


def _with_leaders(known: pl.DataFrame, leader: dict[int, int]) -> pl.DataFrame:
    """Add ``leader``, the row that stands for the person; if one row of a group was recognised, the whole group is that person."""
    if not leader:
        return known.with_columns(pl.col("row").alias("leader"))
    led = pl.DataFrame(list(leader.items()), schema={"row": pl.UInt32, "leader": pl.UInt32}, orient="row")
    known = look_up(known, led, ["row"]).with_columns(pl.col("leader").fill_null(pl.col("row")))
    grouped = pl.col("leader").is_in(sorted(set(leader.values())))
    recognised = (
        known.filter(grouped & pl.col("person_id").is_not_null()).group_by("leader").agg(pl.col("person_id").first().alias("group_person"))
    )
    known = look_up(known, recognised, ["leader"])
    return known.with_columns(pl.coalesce("person_id", "group_person").alias("person_id")).drop("group_person")


def _persons(rows: pl.DataFrame, dataset: Dataset, run_id: int, *, synthetic: bool) -> pl.DataFrame:
    """Build one person per id, named as in the latest of its rows."""
    if rows["person_id"].n_unique() < len(rows):
        spans = rows.group_by("person_id").agg(pl.col("season").min().alias("first_season"), pl.col("season").max().alias("last_season"))
        latest = rows.sort("season").unique("person_id", keep="last").join(spans, on="person_id")
    else:
        latest = rows.with_columns(pl.col("season").alias("first_season"), pl.col("season").alias("last_season"))
    return latest.select(
        "person_id",
        pl.col(dataset.persons.name).alias("name"),
        "name_key",
        pl.col(dataset.persons.position).alias("position"),
        "college_id",
        "first_season",
        "last_season",
        pl.lit(synthetic).alias("synthetic"),
        pl.lit(run_id).alias("first_run_id"),
    )


#: A conflict that was settled and holds again is open again; what was decided stays decided.
_OPEN_AGAIN = "on conflict (id_type, value, person_id, other_person_id) do update set settled_run_id = null"


async def write_ids(connection: asyncpg.Connection, rows: pl.DataFrame, dataset: Dataset, assignment: Assignment, run_id: int) -> None:
    """Write the external ids of all rows except the refused claims."""
    await _write_claims(connection, _claims(rows, dataset, assignment), run_id, ())


@dataclass(frozen=True, slots=True)
class _Claims:
    """One row per id and person: ids of people made in this load, and of the others."""

    fresh: pl.DataFrame
    others: pl.DataFrame


def _claims(rows: pl.DataFrame, dataset: Dataset, assignment: Assignment) -> _Claims:
    """Return the external ids of ``rows``, without the refused ones."""
    parts = [
        rows.filter(pl.col(column).is_not_null() & ~pl.col("row").is_in(assignment.refused_rows_of(id_type))).select(
            pl.lit(id_type).alias("id_type") if id_type != "gsis" else _gsis_or_esb(column).alias("id_type"),
            pl.col(column).alias("value"),
            "person_id",
            "season",
            "new_id" if "new_id" in rows.columns else pl.lit(None, dtype=pl.Int32).alias("new_id"),
        )
        for id_type, column in dataset.persons.ids
    ]
    is_new = pl.col("new_id").is_not_null()
    return _Claims(_together([part.filter(is_new) for part in parts]), _together([part.filter(~is_new) for part in parts]))


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat((_spans(part) for part in parts), how="vertical_relaxed", rechunk=False)


async def _write_claims(connection: asyncpg.Connection, claims: _Claims, run_id: int, emptied: Collection[str]) -> None:
    """Write ids directly into the table for people created by this load, and merge those of others.

    An id that another person already has stays with that person; the claim becomes an identity conflict.
    """
    await copy_frame(connection, "external_id", claims.fresh, emptied="external_id" in emptied)
    if claims.others.is_empty():
        return
    # by name: a later release may have added columns that require a value, with a default
    columns = ", ".join(claims.others.columns)
    await connection.execute(f"create temp table seen_id on commit drop as select {columns} from external_id with no data")
    await copy_frame(connection, "seen_id", claims.others)
    await connection.execute(
        "with taken as materialized (select s.id_type, s.value, s.person_id, e.person_id as holder_id from seen_id s"
        " join external_id e on e.id_type = s.id_type and e.value = s.value and e.person_id <> s.person_id where not exists"
        " (select from external_id o where o.id_type = s.id_type and o.value = s.value and o.person_id = s.person_id)),"
        " refused as (delete from seen_id s using taken t"
        " where s.id_type = t.id_type and s.value = t.value and s.person_id = t.person_id)"
        " insert into identity_conflict (reason, id_type, value, person_id, other_person_id, run_id)"
        f" select 'shared_id', id_type, value, holder_id, person_id, $1 from taken {_OPEN_AGAIN}",
        run_id,
    )
    await connection.execute(
        "merge into external_id e using seen_id s on e.id_type = s.id_type and e.value = s.value and e.person_id = s.person_id"
        " when matched and (s.first_season < e.first_season or s.last_season > e.last_season) then"
        " update set first_season = least(e.first_season, s.first_season), last_season = greatest(e.last_season, s.last_season)"
        " when not matched then insert (id_type, value, person_id, first_season, last_season)"
        " values (s.id_type, s.value, s.person_id, s.first_season, s.last_season)"
    )
    await connection.execute("drop table seen_id")


def _gsis_or_esb(column: str) -> pl.Expr:
    """Tell apart the two systems of the gsis_id column: ``00-0012345`` is a GSIS id, three letters and six digits an ESB id."""
    return pl.when(pl.col(column).str.contains(r"^[A-Z]{3}\d{6}$")).then(pl.lit("esb")).otherwise(pl.lit("gsis"))


def _spans(claims: pl.DataFrame) -> pl.DataFrame:
    """Reduce to one row per id and person with the range of seasons, in the order of the index as far as that is cheap."""
    claims = claims.select("id_type", "value", "person_id", pl.col("season").alias("first_season"), pl.col("season").alias("last_season"))
    # one column is sorted in a fifth of the time of three, and hardly an id is there twice
    claims = claims.sort("value")
    value = pl.col("value")
    repeated = claims.select(((value == value.shift(1)) | (value == value.shift(-1))).fill_null(value=False)).to_series()
    if not repeated.any():
        return claims
    keys = ["id_type", "value", "person_id"]
    merged = claims.filter(repeated).group_by(keys, maintain_order=True).agg(pl.col("first_season").min(), pl.col("last_season").max())
    return pl.concat([claims.filter(~repeated), merged])


_NOT_AN_ALIAS = "and not exists (select from person_alias a where a.person_id = {row}.person_id and a.name = {row}.name)"


async def write_aliases(connection: asyncpg.Connection, rows: pl.DataFrame, dataset: Dataset, emptied: Collection[str]) -> None:
    """Write names under which a source lists a person who has another name here."""
    shared = rows
    if "new_id" in rows.columns:
        if not rows["new_id"].null_count() and rows["person_id"].n_unique() == len(rows):
            return  # new people with one row each
        shared = rows.filter(pl.col("new_id").is_null() | pl.col("person_id").is_duplicated())
    if shared.is_empty():
        return
    await connection.execute("create temp table seen_name (person_id int, name text, name_key text, season int) on commit drop")
    await copy_frame(connection, "seen_name", shared.select("person_id", pl.col(dataset.persons.name).alias("name"), "name_key", "season"))
    # each person is looked up once for both that follows
    await connection.execute(
        "create temp table seen_person on commit drop as select s.*, p.name as known_name, p.first_season, p.last_season"
        " from seen_name s join person p using (person_id)"
    )
    # an emptied table has no key to conflict with, only a few rows of this load; elsewhere the key is the quicker look
    twice = _NOT_AN_ALIAS.format(row="s")
    await connection.execute(
        "insert into person_alias (person_id, name, name_key, dataset) select distinct s.person_id, s.name, s.name_key, $1"
        f" from seen_person s where s.name <> s.known_name {twice if 'person_alias' in emptied else 'on conflict do nothing'}",
        dataset.name,
    )
    await connection.execute(
        "update person p set first_season = least(p.first_season, s.first), last_season = greatest(p.last_season, s.last)"
        " from (select person_id, min(season) as first, max(season) as last from seen_person"
        " where season < first_season or season > last_season group by person_id) s where s.person_id = p.person_id"
    )
    await connection.execute("drop table seen_name, seen_person")


async def update_persons(connection: asyncpg.Connection, rows: pl.DataFrame, dataset: Dataset) -> None:
    """Name, position and college of people as their latest record has them; a draft pick outweighs a combine entry.

    The name they had becomes an alias.
    """
    if rows.is_empty():
        return
    latest = rows.sort("season").unique("person_id", keep="last")
    await connection.execute(
        "create temp table latest_record (person_id int, name text, name_key text, position text, college_id int, season int)"
        " on commit drop"
    )
    records = latest.select(
        "person_id",
        pl.col(dataset.persons.name).alias("name"),
        "name_key",
        pl.col(dataset.persons.position).alias("position"),
        "college_id",
        "season",
    )
    await copy_frame(connection, "latest_record", records)
    newer = "d.season > l.season" if dataset.name == "draft_picks" else "true"
    await connection.execute(f"delete from latest_record l using draft_pick d where d.person_id = l.person_id and {newer}")
    await connection.execute(
        "insert into person_alias (person_id, name, name_key, dataset) select p.person_id, p.name, p.name_key, $1 from person p"
        f" join latest_record l using (person_id) where p.name <> l.name {_NOT_AN_ALIAS.format(row='p')}",
        dataset.name,
    )
    await connection.execute(
        "update person p set name = l.name, name_key = l.name_key, position = l.position, college_id = coalesce(l.college_id, p.college_id)"
        " from latest_record l where l.person_id = p.person_id and (p.name, p.position, p.college_id)"
        " is distinct from (l.name, l.position, coalesce(l.college_id, p.college_id))"
    )
    await connection.execute(
        "delete from person_alias a using person p, latest_record l"
        " where l.person_id = p.person_id and a.person_id = p.person_id and a.name = p.name"
    )
    await connection.execute("drop table latest_record")


#: Data sets whose rows only refer to a person.
_REFERRING = tuple(
    dataset for dataset in DATASETS.values() if dataset.people is None and any(field.name == "person_id" for field in dataset.stored)
)


async def remove_orphans(connection: asyncpg.Connection, run_id: int) -> None:
    """Remove what a merge left without a record: people whose rows went to another person, and ids that none of their rows has any more.

    ``released`` holds the people of all rows that were changed or removed; other people cannot be affected.
    """
    await connection.execute(
        "create temp table orphan on commit drop as select distinct r.person_id from released r where "
        + " and ".join(f"not exists (select from {dataset.table} t where t.person_id = r.person_id)" for dataset in PEOPLE)
    )
    for table in ("person", "person_alias", "external_id"):
        await connection.execute(f"delete from {table} t using orphan o where t.person_id = o.person_id")
    for dataset in _REFERRING:  # their own next load finds whom the id belongs to by then
        await keep_past(connection, dataset, run_id, "join orphan o using (person_id)")
        changed = await connection.execute(
            f"update {dataset.table} t set person_id = null, run_id = {run_id:d} from orphan o where t.person_id = o.person_id"
        )
        if changed != "UPDATE 0":
            await connection.execute("update dataset set version = version + 1, updated_at = now() where dataset = $1", dataset.name)
    await connection.execute("delete from identity_conflict t using orphan o where o.person_id in (t.person_id, t.other_person_id)")
    await connection.execute("drop table orphan")
    await connection.execute(
        "delete from external_id e using released r where e.person_id = r.person_id and "
        + " and ".join(
            f"not exists (select from {dataset.table} t where t.person_id = e.person_id and e.value in"
            f" ({', '.join(f't.{column}' for _, column in dataset.persons.ids)}))"
            for dataset in PEOPLE
        )
    )


async def _write_conflicts(connection: asyncpg.Connection, rows: pl.DataFrame, assignment: Assignment, run_id: int) -> None:
    """Write refused claims as open identity conflicts, once each; a resolved one stays resolved."""
    wanted = {row for *_, row in assignment.refused} | {row for *_, kept, row in assignment.refused_rows for row in (kept, row)}
    if not wanted:
        return
    person_of = dict(rows.filter(pl.col("row").is_in(sorted(wanted))).select("row", "person_id").iter_rows())
    claims = [(reason, id_type, value, kept, person_of[row]) for reason, id_type, value, kept, row in assignment.refused]
    claims += [(reason, id_type, value, person_of[kept], person_of[row]) for reason, id_type, value, kept, row in assignment.refused_rows]
    await connection.executemany(
        "insert into identity_conflict (reason, id_type, value, person_id, other_person_id, run_id) values ($1, $2, $3, $4, $5, $6)"
        f" {_OPEN_AGAIN}",
        [(*claim, run_id) for claim in claims if claim[3] != claim[4]],
    )
