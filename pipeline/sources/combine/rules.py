"""What must hold for a file of combine results, and what its spellings mean."""

from __future__ import annotations

import asyncpg
import polars as pl

from app.datasets.combine import COMBINE, DRILLS, HEIGHT_IN
from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.issues import IssueLog
from pipeline.steps.normalise import drop_unknown_positions, look_up, resolve_colleges
from pipeline.steps.validate import (
    QUARANTINE_ALLOWED,
    check_bounds,
    drop_repeated_rows,
    drop_unusable_rows,
    flag_outliers,
    in_order,
    quarantine_implausible,
    report_many,
)

#: Feet and inches as the sources write them: 6-2, 6'2, 6'2", 6-2. Digits of other scripts match ``\d`` but do not parse as numbers.
HEIGHT_PATTERN = r"^\s*([0-9])\s*[-'’]\s*([0-9]{1,2})\s*(?:\"|''|”)?\s*$"


def height_in_inches(column: str) -> pl.Expr:
    """Convert a height like ``6-2`` to inches; null unless it is feet and inches below twelve."""
    feet = pl.col(column).str.extract(HEIGHT_PATTERN, 1).cast(pl.Int16)
    inches = pl.col(column).str.extract(HEIGHT_PATTERN, 2).cast(pl.Int16)
    return pl.when(inches < 12).then(feet * 12 + inches)


def validate(dataset: Dataset, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
    """Return the usable rows with ``height_in``, sorted by season and then in the order of the file."""
    check_bounds(frame, dataset, synthetic=synthetic)
    frame = drop_unusable_rows(frame, dataset, issues)
    # a file has some thirty heights: each is read once, not in every row
    spellings = frame.select(pl.col("ht").unique())
    frame = look_up(frame, spellings.with_columns(height_in_inches("ht").alias("height_in")), ["ht"])
    unreadable = frame.filter(pl.col("ht").is_not_null() & pl.col("height_in").is_null())
    if not unreadable.is_empty():
        _refuse_unreadable(unreadable["ht"], len(frame))
        report_many(unreadable, "unreadable_height", "quarantine", "the height {value} is not feet-inches.", "ht", "player_name", issues)
    measured = [field for field in dataset.fields if field.name != "season"]
    frame = quarantine_implausible(frame, [*measured, HEIGHT_IN], dataset, issues)
    # after the quarantine: two rows may be equal only without the values that it took away
    frame = drop_repeated_rows(frame, dataset, issues)
    flag_outliers(frame, DRILLS, "pos", "player_name", issues)
    return in_order(frame, ("season",))


def _refuse_unreadable(heights: pl.Series, rows: int) -> None:
    """Accept a few unreadable heights, but not a column of them.

    Raises:
        QualityGateFailed: more than 0.5 % of the rows have one.
    """
    if len(heights) > max(1, QUARANTINE_ALLOWED * rows):
        raise QualityGateFailed(
            f"{len(heights)} of {rows} rows of the combine file have a height (ht) that is not feet-inches, such as {heights[0]};"
            " at most 0.5 % may.",
            "A spreadsheet turns 6-2 into a date (2-Jun): use the file as it was published.",
        )


async def normalise(connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> tuple[pl.DataFrame, None]:
    """Add college_id to the source's columns. The codes are not written out: a load does not write the exports, which show the picks."""
    frame = drop_unknown_positions(frame, COMBINE, issues)
    await _check_draft_teams(connection, frame)
    frame, _ = await resolve_colleges(connection, frame, "school", issues)
    return frame, None


async def _check_draft_teams(connection: asyncpg.Connection, frame: pl.DataFrame) -> None:
    """Check that every team name belongs to a franchise.

    Raises:
        QualityGateFailed: it names those that do not.
    """
    known = {row["code"] for row in await connection.fetch("select distinct code from team_era where system = 'name'")}
    unknown = [name for name in frame["draft_team"].drop_nulls().unique().sort().to_list() if name not in known]
    if unknown:
        raise QualityGateFailed(f"No team is known by the name {', '.join(unknown)}; pipeline/reference/team_eras.csv lists the names.")
