"""Who is who: the rules by which rows of a source become persons, shared by all sources.

Rows are matched in this order: draft slot, Pro-Football-Reference id, GSIS or ESB id, college (cfb) slug, and last name key with college,
position and class, by a score with a margin. A shared id alone never merges two people: the claim is kept apart and written down as an
identity conflict for a person to resolve.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg
import polars as pl

from pipeline.steps.copying import copy_frame, fetch_frame
from pipeline.steps.normalise import match_keys

#: Seasons between two records within which they may belong to one career start (combine, draft, a second draft).
CLOSE_SEASONS = 3
#: Points a name match needs, and by how much it must beat the next candidate.
SCORE_NEEDED, SCORE_MARGIN = 5.0, 1.5

#: What matching needs to know about every row, whatever its source.
CLAIM_COLUMNS = {
    "row": pl.UInt32,
    "season": pl.Int32,
    "match_key": pl.String,
    "college_id": pl.Int32,
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

    def assign(self, rows: pl.DataFrame) -> None:
        """Take over (row, person_id) pairs."""
        self.frames.append(rows.select(pl.col("row").cast(pl.UInt32), pl.col("person_id").cast(pl.Int32)))

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
    ``changed``: the data sets that have a new version by now.
    """

    selections: pl.DataFrame | None = None
    changed: set[str] = field(default_factory=set)


def selections_of(picks: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of ``Carried.selections`` from draft picks prepared for matching, with ``person_id``.

    Name and ids are only ever compared, so that their hashes do: a column of numbers takes a third of the memory.
    """
    return picks.select(
        "season",
        "pick",
        "person_id",
        "college_id",
        "position_leaf",
        "position_group",
        "match_key",
        hashed("pfr_player_name").alias("name_hash"),
        hashed("pfr_player_id").alias("pfr_hash"),
        hashed("cfb_player_id").alias("cfb_hash"),
    )


def hashed(column: str) -> pl.Expr:
    """Map a column's values to numbers that are equal when the values are, within this process; null stays null."""
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())


def score_expression(suffix: str) -> pl.Expr:
    """Score how well a row and the columns with ``suffix`` match: name 3, college 2, position 1 (group alone 0.5), same class 1.

    A college that both name and that differs takes one point away.
    """
    same_leaf = pl.col("position_leaf") == pl.col(f"position_leaf{suffix}")
    same_group = pl.col("position_group") == pl.col(f"position_group{suffix}")
    return (
        3.0 * (pl.col("match_key") == pl.col(f"match_key{suffix}")).cast(pl.Float64)
        + 2.0 * (pl.col("college_id") == pl.col(f"college_id{suffix}")).fill_null(value=False).cast(pl.Float64)
        + pl.when(same_leaf).then(1.0).when(same_group).then(0.5).otherwise(0.0)
        + (pl.col("season") == pl.col(f"season{suffix}")).cast(pl.Float64)
        - (pl.col("college_id") != pl.col(f"college_id{suffix}")).fill_null(value=False).cast(pl.Float64)
    )


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a group that shares an id."""

    row: int
    season: int
    match_key: str
    college_id: int | None
    position_group: str


def group_rows_by_id(
    rows: pl.DataFrame, id_columns: Iterable[tuple[str, str]], assignment: Assignment, *, once_a_season: bool
) -> dict[int, int]:
    """Group rows of one file that share an id and are one person: row → the row that stands for the person (only where they differ).

    ``id_columns`` are (id type, column), strongest first. Rows that share an id but not name, college and time are kept apart and noted.
    ``once_a_season``: a person has at most one row in a season. Only rows with a repeated id are compared.
    """
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
        suspects = rows.select("row", "season", "match_key", "college_id", "position_group", column).filter(
            pl.col(column).is_not_null() & pl.col(column).hash().is_duplicated()
        )
        shared = suspects.filter(pl.col(column).is_duplicated()).sort(column, "row")
        for (value,), group in shared.group_by(column, maintain_order=True):
            members = [Member(*row) for row in group.drop(column).iter_rows()]
            for position, member in enumerate(members[1:], start=1):
                twins = (other for other in members[:position] if same_career(other, member, once_a_season=once_a_season))
                twin = next(twins, None)
                if twin is None:
                    assignment.refused_rows.append(("shared_id", id_type, str(value), members[0].row, member.row))
                elif find(member.row) != find(twin.row):
                    leader[find(member.row)] = find(twin.row)
    return {row: find(row) for row in leader}


def same_career(left: Member, right: Member, *, once_a_season: bool) -> bool:
    """Check that two records with one id are one person: same name, college and position group, in close seasons."""
    if left.match_key != right.match_key or abs(left.season - right.season) > CLOSE_SEASONS:
        return False
    if once_a_season and left.season == right.season:
        return False
    return left.college_id is not None and left.college_id == right.college_id and left.position_group == right.position_group


async def persons_by_external_id(connection: asyncpg.Connection, wanted: pl.DataFrame) -> pl.DataFrame:
    """Find the owners of the ids in ``wanted`` (row, id_type, value), with match_key, college, position names and season."""
    if wanted.is_empty() or not await connection.fetchval("select exists (select from external_id)"):
        return _no_persons()
    await connection.execute("create temp table wanted_id (row int, id_type text, value text) on commit drop")
    await copy_frame(connection, "wanted_id", wanted.select("row", "id_type", "value"))
    found = await fetch_frame(
        connection,
        "select w.row, w.id_type, w.value, p.person_id, p.name_key, p.college_id, p.first_season as season, q.leaf as position_leaf,"
        " q.position_group from wanted_id w join external_id e using (id_type, value) join person p using (person_id)"
        " left join position q on q.code = p.position",
        {
            "row": pl.UInt32, "id_type": pl.String, "value": pl.String, "person_id": pl.Int32, "name_key": pl.String,
            "college_id": pl.Int32, "season": pl.Int32, "position_leaf": pl.String, "position_group": pl.String,
        },
    )  # fmt: skip
    await connection.execute("drop table wanted_id")
    return found.with_columns(match_keys(found["name_key"]).alias("match_key")).drop("name_key")


def _no_persons() -> pl.DataFrame:
    columns = {name: dtype for name, dtype in CLAIM_COLUMNS.items() if name != "row"}
    return pl.DataFrame(schema={"row": pl.UInt32, "id_type": pl.String, "value": pl.String, "person_id": pl.Int32, **columns})


def taken_pairs(recorded: pl.DataFrame, rows: pl.DataFrame, assignment: Assignment) -> pl.DataFrame:
    """Return the (season, person_id) pairs that already have a record of this kind: those of ``recorded`` and of the assigned rows."""
    assigned = assignment.pairs().join(rows.select("row", "season"), on="row").select("season", "person_id")
    return pl.concat([recorded, assigned])


def believe_ids(rows: pl.DataFrame, found: pl.DataFrame, id_type: str, assignment: Assignment, taken_before: pl.DataFrame) -> None:
    """Give rows the person who has their id when name or college agree and the seasons are close; note the claims that are not believed.

    ``taken_before`` holds (season, person_id) pairs that already have a record of the kind being matched.
    For a cfb slug the name has to agree: a slug is reused by namesakes and mistyped by hand.
    """
    claims = found.filter(pl.col("id_type") == id_type).join(rows, on="row", suffix="_row")
    claimed = claims.select(pl.col("season_row").alias("season"), "person_id")
    # as Python objects, pairs take ten times the memory: convert only the requested ones
    taken: set[tuple[int, int]] = set(taken_before.join(claimed, on=["season", "person_id"], how="semi").iter_rows())
    believed: dict[int, int] = {}
    for claim in claims.sort("row", "person_id").iter_rows(named=True):
        same_name = claim["match_key"] == claim["match_key_row"]
        same_college = claim["college_id"] is not None and claim["college_id"] == claim["college_id_row"]
        close = abs(claim["season"] - claim["season_row"]) <= CLOSE_SEASONS
        unsaid = claim["college_id"] is None or claim["college_id_row"] is None
        same_group = claim["position_group"] == claim["position_group_row"]
        fits = (same_name and (same_college or (unsaid and same_group))) or (same_college and id_type != "cfb")
        key = (claim["season_row"], claim["person_id"])
        if fits and close and key not in taken and claim["row"] not in believed:
            taken.add(key)
            believed[claim["row"]] = claim["person_id"]
        else:
            assignment.refused.append(("shared_id", id_type, claim["value"], claim["person_id"], claim["row"]))
    if believed:
        assignment.assign(pl.DataFrame(list(believed.items()), schema={"row": pl.UInt32, "person_id": pl.Int32}, orient="row"))


def match_by_name(rows: pl.DataFrame, candidates: pl.DataFrame, assignment: Assignment) -> None:
    """Give rows the candidate (person_id and the claim columns) of the same name whose score is high enough and clearly the best.

    Several good candidates, or one that is not good enough, leave the row alone; the doubt is noted for a person to decide.
    """
    pairs = rows.join(candidates, on="match_key", suffix="_other").filter((pl.col("season") - pl.col("season_other")).abs() <= 1)
    if pairs.is_empty():
        return
    pairs = pairs.with_columns(pl.col("match_key").alias("match_key_other"))
    scored = pairs.with_columns(score_expression("_other").alias("score")).sort(
        ["row", "score", "person_id"], descending=[False, True, False]
    )
    best = scored.group_by("row", maintain_order=True).agg(
        pl.col("person_id").first(),
        pl.col("match_key").first(),
        pl.col("score").first(),
        pl.col("score").get(1, null_on_oob=True).alias("second"),
    )
    clear = (pl.col("score") >= SCORE_NEEDED) & (pl.col("second").is_null() | (pl.col("score") - pl.col("second") >= SCORE_MARGIN))
    # two rows that want one person are both in doubt
    alone = ~pl.col("person_id").is_duplicated()
    matched = best.filter(clear).filter(alone)
    assignment.assign(matched)
    doubtful = best.join(matched, on="row", how="anti").filter(pl.col("score") >= SCORE_NEEDED - 1)
    for row in doubtful.iter_rows(named=True):
        assignment.refused.append(("ambiguous_name", "name", row["match_key"], row["person_id"], row["row"]))
