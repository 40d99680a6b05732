"""What a player's college and selection mean."""

from __future__ import annotations

import asyncpg
import polars as pl

from app.datasets.draft_days import FIRST_DAYS
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.players import PLAYERS
from pipeline.issues import Issue, IssueLog
from pipeline.reference.catalog import position_frame
from pipeline.steps.export import Describe
from pipeline.steps.normalise import drop_unknown_positions, look_up, resolve_colleges

_AGES = DRAFT_PICKS.listed["age"].bounds


async def normalise(connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> tuple[pl.DataFrame, Describe]:
    """With college_id of the college attended last; one that neither the reference nor a draft names stays as it is recorded."""
    frame = drop_unknown_positions(frame, PLAYERS, issues)
    last = frame.with_columns(pl.col("college_name").str.split(";").list.first().str.strip_chars().alias("last_college"))
    resolved, colleges = await resolve_colleges(connection, last, "last_college", issues, learn=False)
    canonical = colleges.rename({"college_name": "college"})
    positions = position_frame().drop("position_group").rename({"code": "position"})

    def describe(players: pl.DataFrame) -> pl.DataFrame:
        return look_up(look_up(players, positions, ["position"]), canonical, ["college_id"])

    return resolved.drop("last_college"), describe


def with_selection(players: pl.DataFrame, picks: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Issue, ...]]:
    """With ``selection`` and the age on the first day of the draft, and what was found wrong.

    ``picks`` has season, pick, person_id and match_key of every selection. What the draft file says of the person decides: the number of
    a supplemental selection is another player's slot, and some players of the file lack a selection that they have.
    """
    first = picks.group_by("person_id").agg(pl.col("season").min().alias("first_class"))
    chosen = picks.select("person_id", pl.col("season").alias("draft_year"), pl.lit(value=True).alias("is_chosen")).unique()
    rows = look_up(look_up(players, first, ["person_id"]), chosen, ["person_id", "draft_year"])
    unclaimed = picks.filter(~pl.col("person_id").is_in(players["person_id"].implode()))
    slots = unclaimed.select(
        pl.col("season").alias("draft_year"), pl.col("pick").alias("draft_pick"), pl.col("match_key").alias("slot_key")
    )
    rows = look_up(rows, slots, ["draft_year", "draft_pick"])
    is_unrecognised = pl.col("is_chosen").is_null() & (pl.col("slot_key") == pl.col("match_key")).fill_null(value=False)
    issues = tuple(
        Issue("warning", "selection_not_recognised", f"Pick {pick} has the same name, but may be someone else.", year, f"{year}/{name}")
        for name, year, pick in rows.filter(is_unrecognised).select("display_name", "draft_year", "draft_pick").iter_rows()
    )
    listed = pl.col("draft_year").is_in(picks["season"].unique().implode())
    selection = (
        pl.when(pl.col("is_chosen") | (pl.col("draft_year").is_null() & pl.col("first_class").is_not_null()))
        .then(pl.lit("regular"))
        # the file begins with everyone who played in 1974, and lacks the draft class of most of them
        .when(pl.col("draft_year").is_null() & (pl.col("rookie_season") >= pl.lit(picks["season"].min(), pl.Int64)))
        .then(pl.lit("undrafted"))
        .when(listed & ~is_unrecognised)
        .then(pl.lit("supplemental"))
        .otherwise(pl.lit("unlisted"))
    )
    rows = rows.with_columns(selection.alias("selection"), pl.coalesce("draft_year", "first_class").alias("season"))
    days = pl.DataFrame(list(FIRST_DAYS.items()), schema={"season": pl.Int32, "day": pl.Date}, orient="row")
    rows = look_up(rows, days, ["season"])
    day, born = pl.when(pl.col("selection") == "regular").then("day"), pl.col("birth_date")
    birthday_to_come = day.dt.to_string("%m%d") < born.dt.to_string("%m%d")  # text: polars has months in 8 bits, too few to multiply
    years = day.dt.year() - born.dt.year() - birthday_to_come.cast(pl.Int32)
    plausible = pl.when(years.is_between(*_AGES))  # the birth date of one guard would make him 14
    days_old = (day - born).dt.total_days().cast(pl.Int32)
    rows = rows.with_columns(plausible.then(years).alias("draft_age_years"), plausible.then(days_old).alias("draft_age_days"))
    return rows.drop("first_class", "is_chosen", "season", "day", "match_key", "slot_key"), issues
