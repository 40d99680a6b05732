"""What must hold for a file of draft picks, and what its spellings mean."""

import asyncpg
import polars as pl

from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.issues import IssueLog
from pipeline.reference.catalog import franchise_frame, position_frame
from pipeline.steps.export import Describe
from pipeline.steps.normalise import drop_unknown_positions, look_up, resolve_colleges, resolve_franchises
from pipeline.steps.validate import check_bounds, drop_repeated_rows, drop_unusable_rows, in_order, quarantine_implausible, rises

_KEY = ("season", "pick")


def validate(dataset: Dataset, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
    """Return the usable rows, sorted by season and pick.

    Raises:
        QualityGateFailed: picks are duplicated or missing, or too many values are implausible.
    """
    check_bounds(frame, dataset, synthetic=synthetic)
    frame = drop_unusable_rows(frame, dataset, issues)
    # if picks are strictly ascending, none is duplicated
    if not rises(frame, _KEY):
        frame = in_order(drop_repeated_rows(frame, dataset, issues), _KEY)
    _check_picks(frame)
    others = [field for field in dataset.fields if field.name not in ("season", "round", "pick")]
    return quarantine_implausible(frame, others, dataset, issues)


def _check_picks(frame: pl.DataFrame) -> None:
    """Check that [season, pick] is unique, every class runs 1..N, and rounds are 1..12 (old classes interleave picks of two rounds)."""
    same_season = pl.col("season") == pl.col("season").shift(1)
    is_doubled = same_season & (pl.col("pick") == pl.col("pick").shift(1))
    expected = pl.when(same_season).then(pl.col("pick").shift(1) + 1).otherwise(1)
    is_after_gap = pl.col("pick") != expected
    is_impossible = ~pl.col("round").is_between(1, 12)
    # one look over three columns, instead of three that pick rows of all
    if not frame.select((is_doubled | is_after_gap | is_impossible).any()).item():
        return
    doubled = frame.filter(is_doubled)
    if not doubled.is_empty():
        season, pick = doubled.select("season", "pick").row(0)
        raise QualityGateFailed(f"Pick {pick} of {season} is in the file twice, with different values.")
    gaps = frame.with_columns(expected.alias("expected")).filter(is_after_gap)
    if not gaps.is_empty():
        season, pick = gaps.select("season", "expected").row(0)
        raise QualityGateFailed(f"Pick {pick} of {season} is missing in the draft_picks file; a class has no gaps.")
    season, pick, number = frame.filter(is_impossible).select("season", "pick", "round").row(0)
    raise QualityGateFailed(f"Pick {pick} of {season} cannot be in round {number}.")


async def normalise(connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> tuple[pl.DataFrame, Describe]:
    """Add franchise_id and college_id to the source's columns, and return how they are written out."""
    frame = drop_unknown_positions(frame, DRAFT_PICKS, issues)
    frame, colleges = await resolve_colleges(connection, resolve_franchises(frame), "college", issues)

    def describe(picks: pl.DataFrame) -> pl.DataFrame:
        """Add franchise (today's codes), position names, college name and slug."""
        picks = look_up(picks, franchise_frame().drop("franchise_id"), ["team", "season"])
        picks = look_up(picks, position_frame().rename({"code": "position"}), ["position"])
        return look_up(picks, colleges, ["college_id"])

    return frame, describe
