"""Decide who is who by hand: merge two people, split one, or resolve a conflict; each decision is kept with its reason and author.

A decision takes effect at once, in one transaction and under the load lock; ``pipeline.steps.decisions`` applies it to every later load.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import polars as pl

from app.datasets import DATASETS
from app.db.connect import connect
from app.db.failures import DATABASE_FAILURES
from app.errors import DraftQueenError, NotFound
from pipeline.explain import explain
from pipeline.lock import DECIDING, load_lock
from pipeline.steps.conflicts import PEOPLE, forget_living, settle_conflicts
from pipeline.steps.decisions import record_names
from pipeline.steps.events import move_past
from pipeline.steps.export import outdated_exports, write_exports
from pipeline.steps.normalise import for_matching
from pipeline.steps.refresh import refresh_read_models

#: Seconds to wait for a load that is running.
PATIENCE = 30.0
#: A person's name, position and college are those of the first of these that has a record, the latest one if it has several.
_TELLING = ("draft_picks", "players", "combine")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a person: ``label`` is what a user calls it (``combine/2021``), ``name`` what a decision calls it."""

    dataset: str
    name: str
    season: int
    values: dict[str, object]

    @property
    def label(self) -> str:
        """The data set and the season; a person has at most one row of a season, and one among players."""
        return self.dataset if self.dataset == "players" else f"{self.dataset}/{self.season}"


@dataclass(frozen=True, slots=True)
class Act:
    """Who decides, and why."""

    reason: str
    by: str


@asynccontextmanager
async def deciding(dsn: str, exports: Path) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection in a transaction that excludes loads. The exports follow the commit.

    Raises:
        DraftQueenError: the decision is in force, but an export could not be written.
    """
    connection = await connect(dsn, timeout=10, server_settings={"application_name": DECIDING})
    try:
        async with load_lock(connection, PATIENCE, decision=True):
            async with connection.transaction():
                yield connection
            try:
                await refresh_read_models(connection)
                await write_exports(connection, exports, await outdated_exports(connection, exports), {})
            except (*DATABASE_FAILURES, OSError, pl.exceptions.PolarsError) as error:
                message = f"The decision is in force, but not every export was written. {explain(error, rolled_back=False)}"
                raise DraftQueenError(message, "Run: dq etl run") from error
    finally:
        await connection.close()


async def merge(connection: asyncpg.Connection, kept: int, other: int, act: Act, *, conflict: int | None = None) -> int:
    """Make two people one: ``kept`` takes over every record of ``other``, whose id leads to ``kept`` from then on.

    Returns the number of the decision. Raises ``NotFound``, or ``DraftQueenError`` if the two have records that exclude each other.
    """
    if kept == other:
        raise DraftQueenError("A person cannot be merged with itself.", "Name two people.")
    sides = [await records_of(connection, person) for person in (kept, other)]
    clash = {each.label for each in sides[0]} & {each.label for each in sides[1]}
    if clash:
        raise DraftQueenError(
            f"{kept} and {other} cannot be one person: both have a record in {', '.join(sorted(clash))}.",
            "Split the wrong record off first: dq identity split",
        )
    decision = await _record(connection, "resolve" if conflict else "merge", True, (kept, other), sides, act, conflict)
    await _move(connection, sides[1], other, kept)
    for table, key in (("external_id", "id_type, value"), ("person_alias", "name")):
        await connection.execute(
            f"delete from {table} t using {table} k where t.person_id = $2 and k.person_id = $1"
            f" and ({', '.join(f't.{c}' for c in key.split(', '))}) = ({', '.join(f'k.{c}' for c in key.split(', '))})",
            kept,
            other,
        )
        await connection.execute(f"update {table} set person_id = $1 where person_id = $2", kept, other)
    await connection.execute("delete from person where person_id = $1", other)
    await _describe(connection, kept, [*sides[0], *sides[1]])
    await connection.execute(
        "update identity_conflict set state = 'same_person' where (person_id, other_person_id) in (($1, $2), ($2, $1))", kept, other
    )
    await _follow(connection, kept, other)
    await connection.execute(
        "insert into former_person values ($2, $1) on conflict (former_id) do update set successor_id = $1", kept, other
    )
    await forget_living(connection)
    await settle_conflicts(connection, await _latest_run(connection))
    return decision


async def split(connection: asyncpg.Connection, person: int, labels: Sequence[str], act: Act) -> tuple[int, int]:
    """Give the named records of a person to another one: the one who had them before they were merged, or a new one.

    Returns the numbers of the decision and of the other person. Raises ``NotFound`` or ``DraftQueenError``.
    """
    records = await records_of(connection, person)
    known = {each.label: each for each in records}
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise DraftQueenError(f"Person {person} has no record {', '.join(unknown)}.", f"Choose from {', '.join(known)}.")
    moved = [known[label] for label in dict.fromkeys(labels)]
    kept = [each for each in records if each not in moved]
    if not moved or not kept:
        raise DraftQueenError("A split leaves both people with a record.", f"Choose some, but not all, of {', '.join(known)}.")
    other = await _former_holder(connection, person, moved) or await connection.fetchval("select nextval('person_id_seq')")
    decision = await _record(connection, "split", False, (person, other), (kept, moved), act, None)
    await _move(connection, moved, person, other)
    await connection.execute(
        "insert into person (person_id, name, name_key, position, college_id, first_season, last_season, synthetic, first_run_id)"
        " select $2, name, name_key, position, college_id, first_season, last_season, synthetic, first_run_id"
        " from person where person_id = $1",
        person,
        other,
    )
    for side, records_left in ((person, kept), (other, moved)):
        await _describe(connection, side, records_left)
    ids = [_ids(side) for side in (kept, moved)]
    for id_type, value in ids[1] - ids[0]:
        await connection.execute(
            "update external_id set person_id = $2 where (id_type, value, person_id) = ($3, $4, $1)", person, other, id_type, value
        )
    await connection.execute(
        "update identity_conflict set state = 'different_people' where (person_id, other_person_id) in (($1, $2), ($2, $1))", person, other
    )
    await forget_living(connection)
    await settle_conflicts(connection, await _latest_run(connection))
    return decision, other


async def resolve(connection: asyncpg.Connection, conflict: int, act: Act, *, same: bool) -> int:
    """Resolve a conflict: the two are the same person, and are merged, or different people, and stay two whatever a load finds.

    Returns the number of the decision. Raises ``NotFound`` or ``DraftQueenError``.
    """
    row = await connection.fetchrow(
        "select c.person_id, c.other_person_id, exists (select from former_person f where (f.former_id, f.successor_id)"
        " in ((c.person_id, c.other_person_id), (c.other_person_id, c.person_id))) as merged"
        " from identity_conflict c where conflict_id = $1",
        conflict,
    )
    if row is None:
        raise NotFound(f"No identity conflict has the number {conflict}.")
    if row["merged"]:
        raise DraftQueenError("The two have been merged.", "Split them with: dq identity split")
    people = (int(row["person_id"]), int(row["other_person_id"]))
    if same:
        return await merge(connection, *people, act, conflict=conflict)
    sides = [await records_of(connection, person) for person in people]
    decision = await _record(connection, "resolve", False, people, sides, act, conflict)
    await settle_conflicts(connection, await _latest_run(connection))
    # no row has changed, but what is said of both people has: the API knows that by the time of the latest decision
    await connection.execute("select pg_notify('dataset_changed', dataset || ':' || version) from dataset")
    return decision


async def records_of(connection: asyncpg.Connection, person: int) -> list[Record]:
    """Return every record that defines a person.

    Raises:
        NotFound: no such person.
    """
    found: list[Record] = []
    for dataset in PEOPLE:
        people = dataset.persons
        rows = await connection.fetch(f"select * from {dataset.table} where person_id = $1", person)
        if not rows:
            continue
        frame = pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)
        if dataset.season is None:  # a player's season is where the career begins, as in his load
            frame = frame.with_columns(season=pl.coalesce("draft_year", "rookie_season"))
        columns = dict.fromkeys((*dataset.key, "season", "college_id", people.name, people.position, *(c for _, c in people.ids)))
        prepared = for_matching(frame, tuple(columns), people.name, people.position)
        names = record_names(dataset, prepared)
        found += [
            Record(dataset.name, name, values["season"], values) for name, values in zip(names, prepared.iter_rows(named=True), strict=True)
        ]
    if not found:
        raise NotFound(f"No person has the ID {person}.")
    return found


async def _record(
    connection: asyncpg.Connection,
    kind: str,
    same: bool,
    people: tuple[int, int],
    sides: Sequence[Sequence[Record]],
    act: Act,
    conflict: int | None,
) -> int:
    """Write the decision and the records it names, and revoke those that it contradicts."""
    decision: int = await connection.fetchval(
        "insert into identity_decision (kind, same_person, kept_id, other_id, conflict_id, reason, decided_by)"
        " values ($1, $2, $3, $4, $5, $6, $7) returning decision_id",
        *(kind, same, *people, conflict, act.reason, act.by),
    )
    await connection.executemany(
        "insert into identity_record (decision_id, dataset, record, is_other, holder_id) values ($1, $2, $3, $4, $5)",
        [
            (decision, each.dataset, each.name, is_other, people[0] if same else person)
            for is_other, person, side in zip((False, True), people, sides, strict=True)
            for each in side
        ],
    )
    # one that holds apart what is one person now, or holds together what is two
    await connection.execute(
        "update identity_decision i set revoked_by = $1 where i.revoked_by is null and i.decision_id <> $1 and i.same_person <> $2"
        " and exists (select from identity_record a join identity_record b using (decision_id)"
        " join identity_record x on (x.dataset, x.record) = (a.dataset, a.record) and x.decision_id = $1 and not x.is_other"
        " join identity_record y on (y.dataset, y.record) = (b.dataset, b.record) and y.decision_id = $1 and y.is_other"
        " where a.decision_id = i.decision_id and (i.same_person or a.is_other <> b.is_other))",
        decision,
        same,
    )
    return decision


async def _move(connection: asyncpg.Connection, records: Iterable[Record], old: int, new: int) -> None:
    """Give records to another person, and notify the API."""
    moved: dict[str, list[Record]] = {}
    for each in records:
        moved.setdefault(each.dataset, []).append(each)
    for name, rows in moved.items():
        dataset = DATASETS[name]
        for each in rows:
            season = f"and {dataset.season} = {each.season:d}" if dataset.season else ""
            await connection.execute(f"update {dataset.table} set person_id = $2 where person_id = $1 {season}", old, new)
            of_season = f"(content->>'{dataset.season}')::int = {each.season:d}" if dataset.season else "true"
            await move_past(connection, dataset, of_season, old, new)
        await _publish(connection, name)
        await connection.execute("update identity_record set holder_id = $3 where dataset = $1 and record = any($2)",
                                 name, [each.name for each in rows], new)  # fmt: skip
    pfr_ids = [value for kind, value in _ids(records) if kind == "pfr"]
    await move_past(connection, DATASETS["trades"], "content->>'pfr_id' = any($3)", old, new, pfr_ids)
    legs = await connection.execute("update trade_leg set person_id = $2 where person_id = $1 and pfr_id = any($3)", old, new, pfr_ids)
    if legs != "UPDATE 0":
        await _publish(connection, "trades")


async def _publish(connection: asyncpg.Connection, name: str) -> None:
    """Set the next version of a data set, and notify the API."""
    version = await connection.fetchval(
        "update dataset set version = version + 1, updated_at = now() where dataset = $1 returning version", name
    )
    await connection.execute("select pg_notify('dataset_changed', $1)", f"{name}:{version}")


async def _describe(connection: asyncpg.Connection, person: int, records: Sequence[Record]) -> None:
    """Set a person's name, position, college, seasons and other names from the records."""
    ranked = sorted(records, key=lambda each: (_TELLING.index(each.dataset), -each.season))
    best = ranked[0]
    college = next((each.values["college_id"] for each in ranked if each.values["college_id"] is not None), None)
    people = DATASETS[best.dataset].persons
    seasons = [each.season for each in records]
    await connection.execute(
        "update person set name = $2, name_key = $3, position = $4, college_id = $5, first_season = $6,"
        " last_season = $7 where person_id = $1",
        *(person, best.values[people.name], best.values["name_key"], best.values[people.position], college),
        *(min(seasons), max(seasons)),
    )
    await connection.execute("delete from person_alias where person_id = $1", person)
    names = {str(each.values[DATASETS[each.dataset].persons.name]): each for each in reversed(records)}
    await connection.executemany(
        "insert into person_alias (person_id, name, name_key, dataset) values ($1, $2, $3, $4)",
        [(person, name, each.values["name_key"], each.dataset) for name, each in names.items() if name != best.values[people.name]],
    )


async def _follow(connection: asyncpg.Connection, kept: int, other: int) -> None:
    """Let the conflicts of a person who was merged be those of the person kept, as far as that one does not have them already."""
    for mine, theirs in (("person_id", "other_person_id"), ("other_person_id", "person_id")):
        await connection.execute(
            f"delete from identity_conflict c using identity_conflict k where c.{mine} = $2 and k.{mine} = $1"
            f" and (c.id_type, c.value, c.{theirs}) = (k.id_type, k.value, k.{theirs})",
            kept,
            other,
        )
        await connection.execute(f"update identity_conflict set {mine} = $1 where {mine} = $2 and {theirs} <> $1", kept, other)


async def _former_holder(connection: asyncpg.Connection, person: int, records: Sequence[Record]) -> int | None:
    """Return the id under which exactly these records were, before they were merged with this person's."""
    rows = await connection.fetch(
        "select i.other_id, array_agg(r.dataset || ':' || r.record) as records from identity_decision i join identity_record r"
        " using (decision_id) join former_person f on f.former_id = i.other_id and f.successor_id = $1"
        " where i.same_person and i.revoked_by is null and r.is_other group by i.decision_id, i.other_id order by i.decision_id desc",
        person,
    )
    wanted = {f"{each.dataset}:{each.name}" for each in records}
    return next((int(row["other_id"]) for row in rows if set(row["records"]) == wanted), None)


async def _latest_run(connection: asyncpg.Connection) -> int:
    run: int = await connection.fetchval("select coalesce(max(run_id), 0) from load_run")
    return run


def _ids(records: Iterable[Record]) -> set[tuple[str, str]]:
    """Return (id type, value) of all ids of these records; the column of GSIS ids mixes two systems."""
    return {
        (kind, str(each.values[column]))
        for each in records
        for id_type, column in DATASETS[each.dataset].persons.ids
        if each.values[column] is not None
        for kind in ((id_type, "esb") if id_type == "gsis" else (id_type,))
    }
