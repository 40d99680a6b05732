"""Compare and merge: find the known rows that differ from the stored ones, stage and MERGE only those; new rows are copied directly.

A row is known when the table has rows of its season, or any rows where the data set has no seasons. Everything happens in the
transaction of the caller, so that a reader sees the data of before or of after, never a mixture.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.schema import polars_type
from pipeline.steps.bulk import Emptied, all_exist, begin_empty_tables
from pipeline.steps.conflicts import forget_living, remember_former
from pipeline.steps.copying import copy_frame, fetch_frame
from pipeline.steps.events import keep_past, record_added, record_changes
from pipeline.steps.identity import Assignment
from pipeline.steps.normalise import name_keys
from pipeline.steps.persons import remove_orphans, update_persons, write_aliases, write_ids
from pipeline.steps.validate import check_stability

#: The tables of people, which are filled together with the first data set that has any.
PEOPLE_TABLES = ("person", "external_id", "person_alias")


@dataclass(slots=True)
class MergeCounts:
    """Rows of a merge by what happened to them."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> bool:
        """Whether the data set differs from before."""
        return bool(self.inserted or self.updated or self.deleted)


def quoted(columns: tuple[str, ...], prefix: str = "") -> str:
    """Quote columns for SQL: ``t."season", t."to"``."""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


@dataclass(frozen=True, slots=True)
class Recognition:
    """How a row of the file is recognised in the table, where its key alone does not tell.

    ``same_record`` is the SQL condition under which a stored row (t) is an earlier version of the same record as a staged one (s).
    ``record_columns``: when equal in two staged rows, they make ``same_record`` ambiguous; empty when the key is part of the file.
    """

    same_record: str
    record_columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Merge:
    """The rows of one load on their way into the table: ``compare``, then (with persons) ``write``, then ``finish``.

    ``recognition`` says how a row of people is recognised in the table; without it a row is known by its key. ``frame`` are all rows of
    the file; None once they are written if all are new.
    """

    connection: asyncpg.Connection
    dataset: Dataset
    recognition: Recognition | None
    run_id: int
    counts: MergeCounts = field(default_factory=MergeCounts)
    emptied: Emptied = field(default_factory=Emptied)
    frame: pl.DataFrame | None = None
    _known: pl.DataFrame = field(default_factory=pl.DataFrame)
    _fresh: pl.DataFrame = field(default_factory=pl.DataFrame)
    _person_ids: pl.Series | None = None
    _types: dict[str, type[pl.DataType]] = field(init=False)

    def __post_init__(self) -> None:
        self._types = {each.name: polars_type(each) for each in self.dataset.stored}

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is compared; the person of a row that is recognised by more than its key comes later."""
        return tuple(each.name for each in self.dataset.stored if self.recognition is None or each.name != "person_id")

    @property
    def written(self) -> tuple[str, ...]:
        """Every column that is written, but for the number of the load."""
        return self.columns if self.recognition is None else (*self.columns, "person_id")

    @property
    def all_new(self) -> bool:
        """Whether the table has none of the rows, so that they go straight into it."""
        return len(self._fresh) > 0 and not len(self._known)

    async def compare(self, frame: pl.DataFrame, seasons: Collection[int], stored: int, *, first: bool) -> pl.DataFrame:
        """Compare ``frame`` (all rows, with a ``row`` number) with the table, and return the rows that are not stored.

        ``seasons`` and ``stored`` say what the table has. ``first``: the data set was never loaded; its empty tables are locked until the
        load ends, and readers of them wait.
        """
        if first:
            people = PEOPLE_TABLES if self.recognition is not None else ()
            self.emptied = await begin_empty_tables(self.connection, (self.dataset.table, *people))
        self.frame = frame
        self._known, self._fresh = self._split(frame, seasons, stored)
        if not len(self._known):
            return self._fresh
        unresolved = await self._stage(self._known)
        return pl.concat([unresolved, self._fresh]) if len(unresolved) else self._fresh

    def _split(self, frame: pl.DataFrame, seasons: Collection[int], stored: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Split into known and new rows; if all rows are of one kind, that part is the frame itself, not a copy."""
        if self.dataset.season is None:
            return (frame, frame.clear()) if stored else (frame.clear(), frame)
        is_known = frame[self.dataset.season].is_in(sorted(seasons))
        if is_known.all():
            return frame, frame.clear()
        if not is_known.any():
            return frame.clear(), frame
        return frame.filter(is_known), frame.filter(~is_known)

    async def _stage(self, known: pl.DataFrame) -> pl.DataFrame:
        """Copy the rows that are not stored to ``differing``, and record in ``kept_entry`` which of them is which record of a person.

        Returns those that are not such a record. ``released`` are the stored rows that no row of the file equals. Two rows are equal when
        the hashes of all their columns are: a changed row has the hash of one of a million others once in 10^13.
        """
        table, connection, recognition = self.dataset.table, self.connection, self.recognition
        persons = () if self.dataset.people is None else ("person_id",)
        key = tuple(dict.fromkeys((*self.dataset.key, *persons)))
        hashes = self._hashed(known)
        stored = await fetch_frame(
            connection,
            f"select {quoted(self.written)} from {table}",
            {name: self._types[name] for name in self.written},
            keep=lambda piece: piece.select(key).with_columns(self._hashed(piece)),
        )
        differs = ~hashes.is_in(stored["hash"].implode())
        alike = recognition.record_columns if recognition is not None and differs.any() else ()
        ambiguous = pl.struct(alike).is_duplicated() if alike else pl.lit(value=False)
        differing = known.with_columns(ambiguous.alias("ambiguous")).filter(differs)
        released = stored.filter(~pl.col("hash").is_in(hashes.implode()))
        self.counts.unchanged = len(known) - len(differing)
        await connection.execute(
            f"create temp table differing on commit drop as select {quoted(self.columns)}, null::int as row, null::bool as ambiguous"
            f" from {table} with no data"
        )
        await copy_frame(connection, "differing", differing.select(*self.columns, "row", "ambiguous"))
        await connection.execute(f"create temp table released on commit drop as select {quoted(key)} from {table} with no data")
        await copy_frame(connection, "released", released.select(key))
        if recognition is None:
            return differing.select(known.columns)
        await connection.execute("create temp table kept_entry (row int, season int, person_id int) on commit drop")
        await connection.execute(
            "insert into kept_entry select s.row, min(t.season), min(t.person_id) from differing s"
            f" join ({table} t join released r on {self._same_key('t', 'r')}) on {recognition.same_record}"
            " where not s.ambiguous group by s.row having count(*) = 1"
        )
        await connection.execute("delete from kept_entry k using kept_entry o where k.season = o.season and k.person_id = o.person_id"
                                 " and k.row > o.row")  # fmt: skip
        return differing.select(known.columns).join(await self._kept(), on="row", how="anti", maintain_order="left")

    def _hashed(self, rows: pl.DataFrame) -> pl.Series:
        """Return one number for all compared columns of each row."""
        return rows.select(pl.col(name).cast(self._types[name]) for name in self.columns).hash_rows().alias("hash")

    async def _kept(self) -> pl.DataFrame:
        """Return the rows whose person ``kept_entry`` has."""
        return await fetch_frame(self.connection, "select row, person_id from kept_entry", {"row": pl.UInt32, "person_id": pl.Int32})

    async def write(self, found: pl.DataFrame, *, hold: bool, unread: frozenset[str]) -> None:
        """Bring the table to the state of the file. ``found`` are the rows that ``compare`` has returned, with person_id if they have one.

        With ``hold``, raises ``LoadHeld`` when too much of a stable field would change. ``unread``: columns that no load has read before;
        filling them is not recorded as a change.
        """
        all_new = self.all_new
        if len(self._known):
            if self.recognition is not None:
                resolved = found.join(self._fresh.select("row"), on="row", how="anti") if len(self._fresh) else found
                await copy_frame(self.connection, "kept_entry", resolved.select("row", "season", "person_id"))
            await self._merge(hold=hold, unread=unread)
            found = found.join(self._fresh.select("row"), on="row", how="semi", maintain_order="left")
        if len(found):
            await copy_frame(
                self.connection,
                self.dataset.table,
                found.select(*self.written, pl.lit(self.run_id).alias("run_id")),
                emptied=self.dataset.table in self.emptied.tables,
            )
            self.counts.inserted += len(found)
            if not all_new and self.dataset.season is not None:
                seasons = found[self.dataset.season].unique().to_list()
                await record_added(self.connection, self.dataset, self.run_id, seasons)
        if all_new:
            # the rows may leave the memory: their exports have been handed on, and the next file takes their place
            self._person_ids = found["person_id"] if self.dataset.people is not None else None
            self.frame, self._known, self._fresh = None, pl.DataFrame(), pl.DataFrame()

    async def finish(self, made: range) -> None:
        """Rebuild the indexes that were put aside, and prove that every row of a person has one. ``made``: the ids of new persons."""
        for definition in self.emptied.rebuild:
            await self.connection.execute(definition)
        if self.dataset.people is None or not self.counts.changed:
            return
        # when every row written is one of those found, counting the persons is enough
        if self._person_ids is None or not await all_exist(self.connection, self._person_ids, made):
            await self._check_persons()

    def _same_key(self, left: str, right: str) -> str:
        return " and ".join(f'{left}."{column}" = {right}."{column}"' for column in self.dataset.key)

    async def _check_persons(self) -> None:
        """Check that every row written by this load belongs to an existing person, in one query instead of row by row."""
        table = self.dataset.table
        lost = await self.connection.fetchval(
            f"select count(*) from {table} t where t.run_id = $1 and not exists (select from person p where p.person_id = t.person_id)",
            self.run_id,
        )
        if lost:
            raise QualityGateFailed(f"{lost} rows of {table} would not belong to a person; this is an error in the matching rules.")

    async def _merge(self, *, hold: bool, unread: frozenset[str]) -> None:
        """Record the differences field by field and MERGE them; ``kept_entry`` knows the person of every differing row by now."""
        await self._make_delta()
        [(inserted, updated, deleted)] = await self.connection.fetch(
            "select count(*) filter (where not stored), count(*) filter (where stored and not vanished),"
            " count(*) filter (where vanished) from delta"
        )
        if not inserted + updated + deleted:
            return
        if hold:
            await self._check_stable()
        fields = (*(name for name in self.dataset.field_names if name not in unread), *(["person_id"] if self.recognition else []))
        await record_changes(self.connection, self.dataset, self.run_id, fields)
        await keep_past(self.connection, self.dataset, self.run_id, f"join delta d on {self._same_key('t', 'd')}")
        if self.dataset.people is not None:
            await remember_former(self.connection, self.dataset)
        await self._apply()
        if self.recognition is not None:
            await self._update_people()
        elif self.dataset.people is not None:
            await remove_orphans(self.connection, self.run_id)
        if self.dataset.people is not None:
            await forget_living(self.connection)
        self.counts.inserted += inserted
        self.counts.updated += updated
        self.counts.deleted += deleted

    async def _make_delta(self) -> None:
        """Collect the rows to write, with their person and whether the key is ``stored``, and the stored rows that have ``vanished``."""
        table, execute = self.dataset.table, self.connection.execute
        vanished = quoted(self.columns, "t.")
        if self.recognition is None:
            await execute(
                f"create temp table delta on commit drop as select {quoted(self.columns, 's.')}, s.row, t.run_id is not null as stored,"
                f" false as vanished from differing s left join {table} t on {self._same_key('t', 's')}"
            )
        else:
            on_key = " and ".join(f"t.{column} = {'k' if column == 'person_id' else 's'}.{column}" for column in self.dataset.key)
            await execute(
                f"create temp table delta on commit drop as select {quoted(self.columns, 's.')}, k.person_id, s.row,"
                " t.season is not null as stored, false as vanished"
                f" from differing s join kept_entry k using (row) left join {table} t on {on_key}"
            )
            vanished = f"{vanished}, t.person_id"
        # the gates have decided by now that so few may go
        await execute(
            f"insert into delta select {vanished}, null, true, true from released r"
            f" join {table} t on {self._same_key('t', 'r')} where not exists (select from delta d where {self._same_key('d', 'r')})"
        )

    async def _check_stable(self) -> None:
        """Count, per stable field, the values that would be replaced by another value."""
        stable = self.dataset.stable
        if not stable:
            return
        sums = ", ".join(f'count(*) filter (where t."{c}" is not null and d."{c}" is distinct from t."{c}") as "{c}"' for c in stable)
        on_key = self._same_key("t", "d")
        [row] = await self.connection.fetch(f"select {sums} from delta d join {self.dataset.table} t on {on_key} where not d.vanished")
        check_stability(dict(row.items()), len(self._known), self.dataset)

    async def _apply(self) -> None:
        """Apply the delta to the table with MERGE."""
        assignments = ", ".join(f'"{c}" = d."{c}"' for c in self.written if c not in self.dataset.key)
        await self.connection.execute(
            f"merge into {self.dataset.table} t using delta d on {self._same_key('t', 'd')}"
            " when matched and d.vanished then delete"
            f" when matched then update set {assignments}, run_id = {self.run_id:d}"
            f" when not matched then insert ({quoted(self.written)}, run_id) values ({quoted(self.written, 'd.')}, {self.run_id:d})"
        )

    async def _update_people(self) -> None:
        """Update persons from the changed rows: ids, name, position, college and other names."""
        touched = await fetch_frame(
            self.connection, "select row, person_id from delta where not vanished", {"row": pl.UInt32, "person_id": pl.Int32}
        )
        rows = self._known.join(touched, on="row")
        rows = rows.with_columns(name_keys(rows[self.dataset.persons.name]).alias("name_key"))
        # first, because an id of a person who is removed may belong to one of these rows
        await remove_orphans(self.connection, self.run_id)
        await write_ids(self.connection, rows, self.dataset, Assignment(), self.run_id)
        await update_persons(self.connection, rows, self.dataset)
        await write_aliases(self.connection, rows, self.dataset, ())
