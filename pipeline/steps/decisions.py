"""Apply what people have decided about who is who: a decision names records, and every load gives those to the decided person.

A record is named by what the source says of it (``record_names``), so that a decision also holds for a row that went away and came back.
"""

from collections import defaultdict
from itertools import groupby, product
from operator import itemgetter

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from pipeline.issues import Issue
from pipeline.steps.identity import Assignment

#: What names a record of each data set, among the columns that matching has prepared.
NAMED_BY: dict[str, tuple[pl.Expr, ...]] = {
    "draft_picks": (pl.col("season"), pl.col("pick"), pl.col("match_key")),
    "combine": (pl.col("season"), pl.col("match_key"), pl.col("college_id"), pl.col("position_group")),
    "players": (pl.coalesce("esb_id", "gsis_id"),),
}
Record = tuple[str, str]


def record_names(dataset: Dataset, rows: pl.DataFrame) -> pl.Series:
    """Return the name of each row: ``2023/201/jarrettpatterson``."""
    parts = [part.cast(pl.String).fill_null("-") for part in NAMED_BY[dataset.name]]
    return rows.select(pl.concat_str(parts, separator="/")).to_series()


async def apply_decisions(
    connection: asyncpg.Connection, dataset: Dataset, rows: pl.DataFrame, assignment: Assignment, leader: dict[int, int]
) -> None:
    """Give the rows that a standing decision names to the person who has the other records of its side; without one they share a person."""
    standing = await connection.fetch(
        "select i.decision_id, i.same_person, r.dataset, r.record, r.is_other, r.holder_id, p.person_id is not null as lives"
        " from identity_decision i join identity_record r using (decision_id) left join person p on p.person_id = r.holder_id"
        " where i.revoked_by is null order by i.decision_id desc, r.is_other, r.dataset, r.record"
    )
    if not standing:
        return
    wanted = {str(each["record"]) for each in standing if each["dataset"] == dataset.name}
    names = rows.select("row", record_names(dataset, rows).alias("name"))
    # a decision cannot distinguish two rows of one name
    named = names.filter(pl.col("name").is_in(sorted(wanted))).unique("name", keep="first", maintain_order=True)
    named = named.select("row", pl.col("name").alias("record"), "name")
    if dataset.name == "combine":
        named = pl.concat([named, await _corrected(connection, names, wanted)])
    if named.is_empty():
        return
    sides, apart = _sides(standing)
    holders: dict[Record, int] = {}
    for each in standing:
        if each["lives"]:
            holders.setdefault(sides[each["dataset"], each["record"]], each["holder_id"])
    person_of = dict(assignment.pairs().join(named, on="row", how="semi").iter_rows())
    decided: dict[int, int | None] = {}
    heads: dict[Record, int] = {}
    for row, record, _ in named.iter_rows():
        side = sides[dataset.name, record]
        if side not in holders and person_of.get(row) not in (None, *(holders.get(other) for other in apart[side])):
            holders[side] = person_of[row]
        decided[row] = holders.get(side)
        leader.pop(row, None)
        if decided[row] is None and heads.setdefault(side, row) != row:
            leader[row] = heads[side]
    assignment.decide(named.with_columns(pl.Series("person_id", list(decided.values()), dtype=pl.Int32)))


async def _corrected(connection: asyncpg.Connection, names: pl.DataFrame, wanted: set[str]) -> pl.DataFrame:
    """Return (row, record, name) of the combine rows that are wanted records under a corrected college or position group.

    Such a row is the only one of its name, spring and college, or group, that no decision names, and the record is the only one missing.
    """
    missing = wanted - set(names["name"])
    if missing and await connection.fetchval("select to_regclass('pg_temp.kept_entry') is not null"):
        unchanged = await connection.fetch(
            "select r.record from identity_record r join combine_entry t on t.person_id = r.holder_id"
            " and t.season = split_part(r.record, '/', 1)::int where r.dataset = 'combine' and (not exists (select from released x"
            " where (x.season, x.person_id) = (t.season, t.person_id))"
            " or exists (select from kept_entry k where (k.season, k.person_id) = (t.season, t.person_id)))"
        )
        missing -= {str(each["record"]) for each in unchanged}
    found = [names.clear().select("row", pl.col("name").alias("record"), "name")]
    free = names.filter(~pl.col("name").is_in(sorted(wanted))) if missing else names.clear()
    gone = pl.DataFrame({"record": sorted(missing)}, schema={"record": pl.String})
    for part in (2, 3):  # the college, and the position group
        left, right = (
            frame.with_columns(pl.col(column).str.split("/").list.gather([0, 1, part]).list.join("/").alias("key"))
            for frame, column in ((free, "name"), (gone, "record"))
        )
        pairs = left.join(right, on="key").filter(~pl.col("row").is_duplicated() & ~pl.col("record").is_duplicated())
        found.append(pairs.select("row", "record", "name"))
        free, gone = free.join(pairs, on="row", how="anti"), gone.join(pairs, on="record", how="anti")
    return pl.concat(found)


def _sides(standing: list[asyncpg.Record]) -> tuple[dict[Record, Record], dict[Record, set[Record]]]:
    """Return for each record the one that stands for all records of its person, and for each of those the ones of other people.

    ``standing`` has the latest decision first: what it holds apart, the side of an earlier one does not hold together.
    """
    together: dict[Record, set[Record]] = {}
    apart: defaultdict[Record, set[Record]] = defaultdict(set)
    for _, rows in groupby(standing, key=itemgetter("decision_id")):
        sides: tuple[list[Record], list[Record]] = ([], [])
        for each in rows:
            sides[each["is_other"] and not each["same_person"]].append((each["dataset"], each["record"]))
        for one, other in product(*sides):
            apart[one].add(other)
            apart[other].add(one)
        for side in sides:
            for number, record in enumerate(side):
                mine = together.setdefault(record, {record})
                others = set().union(*(apart[each] for each in mine))
                theirs = next((together[each] for each in side[:number] if together[each].isdisjoint(others)), mine)
                theirs |= mine
                together |= dict.fromkeys(theirs, theirs)
    heads = {record: min(person) for record, person in together.items()}
    different: dict[Record, set[Record]] = {head: set() for head in heads.values()}
    for record, head in heads.items():
        different[head] |= {heads[other] for other in apart[record]} - {head}
    return heads, different


async def record_holders(connection: asyncpg.Connection, dataset: Dataset, known: pl.DataFrame, assignment: Assignment) -> None:
    """Note whose the records of decisions are now, and what the source calls them; ``known`` has row and person_id."""
    for frame in assignment.decided:
        persons = frame.select("row", "record", "name").join(known.select("row", "person_id"), on="row")
        await connection.executemany(
            "update identity_record r set holder_id = $2, record = case when i.revoked_by is null then $4 else r.record end"
            " from identity_decision i where i.decision_id = r.decision_id and r.dataset = $3 and r.record = $1",
            [(record, person_id, dataset.name, name) for _, record, name, person_id in persons.iter_rows()],
        )


async def missing_records(connection: asyncpg.Connection, dataset: Dataset) -> list[Issue]:
    """Warn of each record that a standing decision names and the data set does not have."""
    season = f"and t.{dataset.season}::text = split_part(r.record, '/', 1)" if dataset.season else ""
    rows = await connection.fetch(
        "select i.decision_id, r.record from identity_decision i join identity_record r using (decision_id)"
        f" where i.revoked_by is null and r.dataset = $1 and not exists (select from {dataset.table} t where t.person_id = r.holder_id"
        f" {season}) order by i.decision_id, r.record",
        dataset.name,
    )
    return [
        Issue("warning", "decided_record_missing", f"Decision {number}: the record {record} is not in the file.", entity=record)
        for number, record in rows
    ]
