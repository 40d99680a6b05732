"""How the measurements of each position are distributed, so that a percentile is a look-up."""

import asyncpg
import polars as pl

from app.datasets.combine import DRILLS
from pipeline.reference.catalog import position_frame
from pipeline.steps.copying import copy_frame


def distributions(frame: pl.DataFrame) -> pl.DataFrame:
    """Count, for each position and drill, the entries below and equal to each value: percentiles become a look-up."""
    entries = frame.lazy().select("pos", *DRILLS)
    # all at once, which takes a third of the time of one after the other
    counts = pl.collect_all(entries.select("pos", d).drop_nulls().group_by("pos", d).agg(pl.len().alias("equal")) for d in DRILLS)
    parts = []
    for drill, by_code in zip(DRILLS, counts, strict=True):
        counted = by_code.join(position_frame(), left_on="pos", right_on="code")
        parts += [_distribution(counted, scope, f"position_{scope}", drill) for scope in ("leaf", "group")]
    return pl.concat(parts)


async def write_distributions(connection: asyncpg.Connection, frame: pl.DataFrame) -> None:
    """Replace what ``drill_distribution`` holds."""
    await connection.execute("delete from drill_distribution")
    await copy_frame(connection, "drill_distribution", frame)


def _distribution(counted: pl.DataFrame, scope: str, column: str, drill: str) -> pl.DataFrame:
    counted = counted.group_by(column, drill).agg(pl.col("equal").sum()).sort(column, drill)
    return counted.select(
        pl.lit(scope).alias("scope"),
        pl.col(column).alias("position"),
        pl.lit(drill).alias("drill"),
        pl.col(drill).cast(pl.Float64).alias("value"),
        (pl.col("equal").cum_sum() - pl.col("equal")).over(column).alias("lower"),
        "equal",
        pl.col("equal").sum().over(column).alias("total"),
    )
