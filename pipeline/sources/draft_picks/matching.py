"""Who was selected: persons for the rows of the draft picks file."""

from dataclasses import replace

import asyncpg
import polars as pl

from app.datasets.draft_picks import DRAFT_PICKS
from pipeline.steps.copying import fetch_frame
from pipeline.steps.identity import (
    CLAIM_COLUMNS,
    Assignment,
    Carried,
    believe_ids,
    claimed_ids,
    fetch_people,
    group_rows_by_id,
    match_by_name,
    persons_by_external_id,
    selections_of,
    taken_pairs,
)
from pipeline.steps.normalise import for_matching
from pipeline.steps.persons import Found, find_missing_persons, no_persons

#: What matching looks at; whole rows are four times as wide.
MATCH_COLUMNS = ("row", "season", "pick", "college_id", "pfr_player_name", "position", "pfr_player_id", "gsis_id", "cfb_player_id")


async def find_persons(connection: asyncpg.Connection, rows: pl.DataFrame, run_id: int, carried: Carried, *, synthetic: bool) -> Found:
    """Add ``person_id`` to ``rows``: normalised picks with a ``row`` number whose slot is new, or now has another player.

    Leaves what it saw in ``carried``. The transaction belongs to the caller.
    """
    if rows.is_empty():
        return no_persons(rows)
    assignment = Assignment()
    prepared = for_matching(rows, MATCH_COLUMNS, "pfr_player_name", "position")
    leader = group_rows_by_id(prepared, DRAFT_PICKS.persons.ids, assignment, once_a_season=True)
    if await connection.fetchval("select exists (select from person)"):
        await _recognise(connection, prepared, assignment)
    found = await find_missing_persons(connection, prepared, leader, assignment, DRAFT_PICKS, run_id, synthetic=synthetic)
    carried.selections = selections_of(found.rows)
    return replace(found, rows=rows.with_columns(found.rows["person_id"]))


async def _recognise(connection: asyncpg.Connection, rows: pl.DataFrame, assignment: Assignment) -> None:
    """Match rows whose player is already in the database: by id, else as a combine participant of that spring."""
    # the column of GSIS ids mixes two systems
    found = await persons_by_external_id(connection, claimed_ids(rows, [*DRAFT_PICKS.persons.ids, ("esb", "gsis_id")]))
    claims = rows.select(*CLAIM_COLUMNS)
    # a second selection of one person is possible, a second one in the same class is not
    seasons = ", ".join(str(int(season)) for season in rows["season"].unique().sort())
    selected = await fetch_frame(
        connection,
        f"select season, person_id from draft_pick where season in ({seasons})",
        {"season": pl.Int32, "person_id": pl.Int32},
    )
    for id_type in ("pfr", "gsis", "esb", "cfb"):
        open_claims = claims.join(assignment.pairs(), on="row", how="anti")
        believe_ids(open_claims, found, id_type, assignment, taken_pairs(selected, claims, assignment))
    rest = rows.select(*CLAIM_COLUMNS, pl.col("pfr_player_id").alias("pfr")).join(assignment.pairs(), on="row", how="anti")
    match_by_name(rest, await _undrafted_participants(connection, rest), assignment)


async def _undrafted_participants(connection: asyncpg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return combine participants around the seasons of ``rows`` who have no selection yet."""
    first, last = rows["season"].min(), rows["season"].max()
    if rows.is_empty():
        first = last = 0
    return await fetch_people(
        connection,
        "select p.person_id, p.name_key, c.college_id, c.season, q.leaf, q.position_group, c.pfr_id from combine_entry c"
        " join person p using (person_id) join position q on q.code = c.pos"
        f" where c.season between {int(str(first)) - 1} and {int(str(last))}"
        " and not exists (select from draft_pick d where d.person_id = p.person_id)",
        {"pfr": pl.String},
    )
