"""Trades: legs are numbered within their trade, team codes are the league's own, and a player is a person that is known already."""

import asyncpg
import polars as pl

from app.datasets.model import Dataset
from pipeline.errors import QualityGateFailed
from pipeline.issues import IssueLog
from pipeline.reference.catalog import franchise_frame
from pipeline.sources.hooks import Hooks
from pipeline.steps.export import Describe
from pipeline.steps.normalise import look_up
from pipeline.steps.validate import usable_rows

#: What a leg is about, in the order by which the legs of a trade are numbered, whatever their order in the file.
_CONTENT = ("gave", "received", "pick_season", "pick_round", "pick_number", "pfr_id", "pfr_name", "conditional")
_SIDES = ("gave", "received")


def validate(dataset: Dataset, frame: pl.DataFrame, issues: IssueLog, *, synthetic: bool) -> pl.DataFrame:
    """Return the usable legs with their number; two legs may be equal, such as two future picks of the same round."""
    ordered = frame.with_row_index("line").sort("trade_id", *_CONTENT, nulls_last=True, maintain_order=True)
    numbered = ordered.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("trade_id").alias("leg"))
    # in the order of the file again, so that messages name its rows
    return usable_rows(dataset, numbered.sort("line").drop("line"), issues, synthetic=synthetic)


async def normalise(connection: asyncpg.Connection, frame: pl.DataFrame, issues: IssueLog) -> tuple[pl.DataFrame, Describe]:  # noqa: ARG001
    """Add both franchises, and the person if the player's id belongs to exactly one person."""
    franchises = franchise_frame("nfl")
    for side in _SIDES:
        ids = franchises.select(pl.col("team").alias(side), "season", pl.col("franchise_id").alias(f"{side}_franchise_id"))
        frame = look_up(frame, ids, [side, "season"])
        unknown = frame.filter(pl.col(f"{side}_franchise_id").is_null())
        if not unknown.is_empty():
            team, season = unknown.select(side, "season").row(0)
            raise QualityGateFailed(f"No team is known by the code {team} in {season}; pipeline/reference/team_eras.csv lists the codes.")
    rows = await connection.fetch(
        "select value, min(person_id) as person_id from external_id where id_type = 'pfr' and value = any($1) group by value"
        " having count(*) = 1",
        frame["pfr_id"].drop_nulls().unique().to_list(),
    )
    persons = pl.DataFrame([tuple(row) for row in rows], schema={"pfr_id": pl.String, "person_id": pl.Int32}, orient="row")
    codes = franchises.select("franchise_id", "franchise", "nflverse_team").unique()

    def describe(legs: pl.DataFrame) -> pl.DataFrame:
        for side in _SIDES:
            legs = look_up(legs, codes.select(pl.all().name.prefix(f"{side}_")), [f"{side}_franchise_id"])
        return legs

    return look_up(frame, persons, ["pfr_id"]), describe


HOOKS = Hooks(validate=validate, normalise=normalise, follows=("draft_picks", "combine", "players"))
