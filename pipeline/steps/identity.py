"""Who is who: the rules by which rows of a source become persons, shared by all sources.

Candidates are found in this order: draft slot, Pro-Football-Reference id, GSIS or ESB id, college (cfb) slug, and last the name. Whatever
made a pair a candidate, all evidence about it is weighed together (``pipeline.steps.evidence``). A shared id alone never merges two people:
a claim that the rest contradicts is kept apart and recorded as an identity conflict for a person to resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg
import polars as pl

from pipeline.steps.copying import copy_frame, fetch_frame
from pipeline.steps.evidence import (
    CLOSE_SEASONS,
    DOUBT,
    ID_ELSEWHERE,
    ID_POINTS,
    MARGIN,
    NEEDED,
    OTHER_HEIGHT,
    OTHER_PFR,
    OTHER_WEIGHT,
    same_class,
    surnames,
    with_score,
)
from pipeline.steps.export import Written
from pipeline.steps.normalise import match_keys

#: What matching needs to know about every row, whatever its source.
CLAIM_COLUMNS = ("row", "season", "name_key", "match_key", "college_id", "position_leaf", "position_group")
#: The same of people in the database, without the match key, which is made of the name key.
_PERSON_COLUMNS = {
    "person_id": pl.Int32,
    "name_key": pl.String,
    "college_id": pl.Int32,
    "season": pl.Int32,
    "position_leaf": pl.String,
    "position_group": pl.String,
}


@dataclass(slots=True)
class Assignment:
    """Row number → person for the rows of one load, and what came up on the way."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    settled: list[pl.DataFrame] = field(default_factory=list)
    #: rows whose ids are those that their person has on record, in that season
    ids_on_record: list[pl.DataFrame] = field(default_factory=list)
    #: (reason, id type, value, person that keeps it, row that was kept apart): rows become persons at the end
    refused: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    #: the same between two rows, neither of which has a person yet
    refused_rows: list[tuple[str, str, str, int, int]] = field(default_factory=list)

    #: (row, record, name, person_id) of rows that a decision names, and what it is to call them from now on; no person: a new one
    decided: list[pl.DataFrame] = field(default_factory=list)

    def assign(self, rows: pl.DataFrame) -> None:
        """Take over (row, person_id) pairs."""
        self.frames.append(rows.select(pl.col("row").cast(pl.UInt32), pl.col("person_id").cast(pl.Int32)))

    def decide(self, rows: pl.DataFrame) -> None:
        """Take over (row, record, name, person_id) of rows that a person has decided about, whatever was found before."""
        self.decided.append(rows)
        for noted in (self.frames, self.settled, self.ids_on_record):
            noted[:] = [without_rows(frame, rows["row"]) for frame in noted]
        self.assign(rows.filter(pl.col("person_id").is_not_null()))

    def settle(self, rows: pl.DataFrame) -> None:
        """Note rows whose ids and season are those on record; where ``same_name``, they say nothing new about their person at all."""
        row = pl.col("row").cast(pl.UInt32)
        self.ids_on_record.append(rows.select(row))
        self.settled.append(rows.filter("same_name").select(row))

    def unsettled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Remove rows that say nothing new."""
        return _without(rows, self.settled)

    def claiming(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Remove rows whose ids are on record."""
        return _without(rows, self.ids_on_record)

    def refused_rows_of(self, id_type: str) -> list[int]:
        """Return rows whose claim to an id of this type was refused: the id is not theirs. A GSIS claim may be of either system."""
        kinds = {"gsis", "esb"} if id_type == "gsis" else {id_type}
        rows = {claim[4] for claim in (*self.refused, *self.refused_rows) if claim[1] in kinds}
        return sorted(rows)

    def pairs(self) -> pl.DataFrame:
        """Return all (row, person_id) pairs so far."""
        return pl.concat(self.frames) if self.frames else pl.DataFrame(schema={"row": pl.UInt32, "person_id": pl.Int32})


def _without(rows: pl.DataFrame, noted: list[pl.DataFrame]) -> pl.DataFrame:
    return without_rows(rows, pl.concat(noted)["row"]) if noted else rows


def without_rows(rows: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Remove the rows with these numbers, keeping the order; takes a third of the time of an anti-join, which gathers them."""
    return rows.filter(~pl.col("row").is_in(numbers.implode()))


@dataclass(slots=True)
class Carried:
    """What one data set's load leaves for the next one in the same process, to spare it a look into the database.

    ``selections``: every selection as ``selections_of`` gives it; None when the load that ran before this one did not see them all.
    ``changed``: the data sets that have a new version by now. ``exported``: the files that loads have written.
    """

    selections: pl.DataFrame | None = None
    changed: set[str] = field(default_factory=set)
    exported: dict[str, Written] = field(default_factory=dict)


def selections_of(picks: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of ``Carried.selections`` from draft picks prepared for matching, with ``person_id``.

    The spelling and the ids are only ever compared, so that their hashes do: a column of numbers takes a third of the memory.
    """
    return picks.select(
        "season",
        "pick",
        "person_id",
        "college_id",
        "position_leaf",
        "position_group",
        "name_key",
        "match_key",
        hashed("pfr_player_name").alias("name_hash"),
        hashed("pfr_player_id").alias("pfr_hash"),
        hashed("cfb_player_id").alias("cfb_hash"),
    )


def hashed(column: str) -> pl.Expr:
    """Map a column's values to numbers that are equal when the values are, within this process; null stays null."""
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())


def differing_pfr(left: str, right: str) -> pl.Expr:
    """Return the points lost by two records whose Pro-Football-Reference ids differ."""
    return pl.when(pl.col(left) != pl.col(right)).then(OTHER_PFR).otherwise(0.0)


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a group that shares an id."""

    row: int
    season: int
    match_key: str
    college_id: int | None
    position_group: str
    height: int | None
    weight: int | None


def group_rows_by_id(
    rows: pl.DataFrame, id_columns: Iterable[tuple[str, str]], assignment: Assignment, *, once_a_season: bool
) -> dict[int, int]:
    """Group rows of one file that share an id and are one person: row → the row that stands for the person (only where they differ).

    ``id_columns`` are (id type, column), strongest first. Rows that share an id but not name, college and time are kept apart and noted.
    ``once_a_season``: a person has at most one row in a season. Only rows with a repeated id are compared, also by ``height_in`` and ``wt``
    where the rows have them.
    """
    build = [pl.col(name) if name in rows.columns else pl.lit(None).alias(name) for name in ("height_in", "wt")]
    leader: dict[int, int] = {}

    def find(row: int) -> int:
        while row in leader:
            row = leader[row]
        return row

    for id_type, column in id_columns:
        # by their hashes, which is quicker, and then for certain among the few that are left
        hashes = rows[column].drop_nulls().hash()
        if hashes.n_unique() == len(hashes):
            continue
        suspects = rows.select("row", "season", "match_key", "college_id", "position_group", *build, column).filter(
            pl.col(column).is_not_null() & pl.col(column).hash().is_duplicated()
        )
        shared = suspects.filter(pl.col(column).is_duplicated()).sort(column, "row")
        for (value,), group in shared.group_by(column, maintain_order=True):
            members = [Member(*row) for row in group.drop(column).iter_rows()]
            for position, member in enumerate(members[1:], start=1):
                twins = (other for other in members[:position] if same_career(other, member, once_a_season=once_a_season))
                twin = next(twins, None)
                if twin is None:
                    reason = "other_build" if any(other_body(other, member) for other in members[:position]) else "shared_id"
                    assignment.refused_rows.append((reason, id_type, str(value), members[0].row, member.row))
                elif find(member.row) != find(twin.row):
                    leader[find(member.row)] = find(twin.row)
    return {row: find(row) for row in leader}


def same_career(left: Member, right: Member, *, once_a_season: bool) -> bool:
    """Check that two records with one id are one person: same name, college and position group, in close seasons, of a similar build."""
    if other_body(left, right) or left.match_key != right.match_key or abs(left.season - right.season) > CLOSE_SEASONS:
        return False
    if once_a_season and left.season == right.season:
        return False
    return left.college_id is not None and left.college_id == right.college_id and left.position_group == right.position_group


def other_body(left: Member, right: Member) -> bool:
    """Check that two visits differ more in height or weight than one player can."""
    limits = ((left.height, right.height, OTHER_HEIGHT), (left.weight, right.weight, OTHER_WEIGHT))
    return any(one is not None and other is not None and abs(one - other) > limit for one, other, limit in limits)


def claimed_ids(rows: pl.DataFrame, id_columns: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Return the ids of the rows: row, id_type, value. ``id_columns`` are (id type, column)."""
    return pl.concat(
        rows.filter(pl.col(column).is_not_null()).select("row", pl.lit(id_type).alias("id_type"), pl.col(column).alias("value"))
        for id_type, column in id_columns
    )


async def fetch_people(connection: asyncpg.Connection, query: str, more: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Fetch people as matching compares them, with their match_key.

    ``query`` selects person_id, name_key, college_id, season, position leaf and group, in this order, and then the columns in ``more``.
    """
    found = await fetch_frame(connection, query, {**_PERSON_COLUMNS, **more})
    return found.with_columns(match_keys(found["name_key"]).alias("match_key"))


async def persons_by_external_id(connection: asyncpg.Connection, wanted: pl.DataFrame) -> pl.DataFrame:
    """Find the owners of the ids in ``wanted`` (row, id_type, value), with match_key, college, position names and season."""
    claim: dict[str, type[pl.DataType]] = {"row": pl.UInt32, "id_type": pl.String, "value": pl.String}
    if wanted.is_empty() or not await connection.fetchval("select exists (select from external_id)"):
        return pl.DataFrame(schema={**_PERSON_COLUMNS, **claim, "match_key": pl.String})
    await connection.execute("create temp table wanted_id (row int, id_type text, value text) on commit drop")
    await copy_frame(connection, "wanted_id", wanted.select("row", "id_type", "value"))
    found = await fetch_people(
        connection,
        "select p.person_id, p.name_key, p.college_id, p.first_season, q.leaf, q.position_group, w.row, w.id_type, w.value"
        " from wanted_id w join external_id e using (id_type, value) join person p using (person_id)"
        " left join position q on q.code = p.position",
        claim,
    )
    await connection.execute("drop table wanted_id")
    return found


def taken_pairs(recorded: pl.DataFrame, rows: pl.DataFrame, assignment: Assignment) -> pl.DataFrame:
    """Return the (season, person_id) pairs that already have a record of this kind: those of ``recorded`` and of the assigned rows."""
    assigned = assignment.pairs().join(rows.select("row", "season"), on="row").select("season", "person_id")
    return pl.concat([recorded, assigned])


def believe_ids(
    rows: pl.DataFrame,
    found: pl.DataFrame,
    id_type: str,
    assignment: Assignment,
    taken_before: pl.DataFrame,
    other_builds: pl.DataFrame | None = None,
) -> None:
    """Give rows the person who has their id when the rest of the evidence agrees; note the claims that it contradicts.

    ``taken_before`` holds (season, person_id) pairs that already have a record of the kind being matched, ``other_builds`` the
    (row, person_id) pairs that cannot be one body.
    """
    claims = found.filter(pl.col("id_type") == id_type).join(rows, on="row", suffix="_other")
    elsewhere = pl.when(pl.col("college_id") != pl.col("college_id_other")).then(ID_ELSEWHERE).otherwise(0.0)
    claims = with_score(claims, same_class(), pl.lit(ID_POINTS[id_type]), elsewhere)
    claimed = claims.select(pl.col("season_other").alias("season"), "person_id")
    # as Python objects, pairs take ten times the memory: convert only the requested ones
    taken: set[tuple[int, int]] = set(taken_before.join(claimed, on=["season", "person_id"], how="semi").iter_rows())
    apart = set() if other_builds is None else set(other_builds.select("row", "person_id").iter_rows())
    # a claim that was refused for one reason is not believed for another
    refused = {(row, person_id) for *_, person_id, row in assignment.refused}
    believed: dict[int, int] = {}
    in_order = claims.select("row", "person_id", "season_other", "value", "score").sort(
        ["row", "score", "person_id"], descending=[False, True, False]
    )
    for row, person_id, season, value, score in in_order.iter_rows():
        other_build = (row, person_id) in apart
        free = (season, person_id) not in taken and (row, person_id) not in refused and row not in believed
        if score >= NEEDED and not other_build and free:
            taken.add((season, person_id))
            believed[row] = person_id
        else:
            assignment.refused.append(("other_build" if other_build else "shared_id", id_type, value, person_id, row))
    if believed:
        assignment.assign(pl.DataFrame(list(believed.items()), schema={"row": pl.UInt32, "person_id": pl.Int32}, orient="row"))


def match_by_name(rows: pl.DataFrame, candidates: pl.DataFrame, assignment: Assignment) -> None:
    """Give rows the candidate (person_id and the claim columns) for whom the evidence is strong enough and clearly the best.

    Candidates have the same name, within a year, or a surname in common in the same class, college and position group. Several good ones,
    or one that is not good enough, leave the row alone; the doubt is noted for a person to decide. ``pfr`` is a column of both.
    """
    namesakes = rows.join(candidates, on="match_key", suffix="_other").filter((pl.col("season") - pl.col("season_other")).abs() <= 1)
    namesakes = namesakes.select("row", "person_id")
    relatives = _of_one_surname(rows, candidates)
    pairs = pl.concat([namesakes, relatives]).unique()
    if pairs.is_empty():
        return
    pairs = pairs.join(rows, on="row").join(candidates, on="person_id", suffix="_other")
    best = best_candidates(with_score(pairs, same_class(), differing_pfr("pfr", "pfr_other")))
    matched = clear_matches(best)
    assignment.assign(matched)
    note_doubts(best, matched, assignment)


def best_candidates(scored: pl.DataFrame) -> pl.DataFrame:
    """Return the best candidate of each row: row, person_id, match_key, score, and the score of the ``second`` one."""
    ranked = scored.sort(["row", "score", "person_id"], descending=[False, True, False])
    ranked = ranked.unique(["row", "person_id"], keep="first", maintain_order=True)  # a person may have several records
    return ranked.group_by("row", maintain_order=True).agg(
        pl.col("person_id", "match_key", "score").first(), pl.col("score").get(1, null_on_oob=True).alias("second")
    )


def clear_matches(best: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose best candidate is good enough and clearly the best, at most one for each person."""
    clear = best.filter((pl.col("score") >= NEEDED) & _ahead_of("second")).sort("score", "row", descending=[True, False])
    # of two rows that want one person the better one has to be clearly better, too
    wanted = clear.group_by("person_id", maintain_order=True).agg(pl.all().first(), pl.col("score").get(1, null_on_oob=True).alias("rival"))
    return wanted.filter(_ahead_of("rival"))


def note_doubts(best: pl.DataFrame, matched: pl.DataFrame, assignment: Assignment) -> None:
    """Note the rows that were not ``matched`` although their best candidate is nearly good enough, or is one of several."""
    doubtful = best.join(matched, on="row", how="anti").filter(pl.col("score") >= NEEDED - DOUBT)
    for row, person_id, key in doubtful.select("row", "person_id", "match_key").iter_rows():
        assignment.refused.append(("ambiguous_name", "name", key, person_id, row))


def _ahead_of(other: str) -> pl.Expr:
    """Check that the best score is ahead of that in the column ``other``, if there is one, by the margin."""
    return pl.col(other).is_null() | (pl.col("score") - pl.col(other) >= MARGIN)


def _of_one_surname(rows: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs (row, person_id) of one class, college and position group whose names have a word after the first in common."""
    here = ["season", "college_id", "position_group"]
    near = candidates.join(rows, on=here, how="semi"), rows.join(candidates, on=here, how="semi")
    people, open_rows = (
        records.select(number, *here, surnames("name_key").alias("surname")).explode("surname").drop_nulls("surname")
        for records, number in zip(near, ("person_id", "row"), strict=True)
    )
    return open_rows.join(people, on=[*here, "surname"]).select("row", "person_id")
