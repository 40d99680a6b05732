"""What is made up and what is real: a league is one or the other, and the data sets around it follow."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.integration.pipeline.conftest import Loader, Writer

KINDS = "select dataset, synthetic from dataset where row_count > 0 order by 1"


def _charts(directory: Path) -> None:
    """Write charts of 250 picks into a folder."""
    values = pl.DataFrame({"pick": range(1, 251)}, schema={"pick": pl.Int32})
    points = (3000 / pl.col("pick")).round(2)
    values.with_columns(stuart=points, johnson=points, hill=points, otc=points, pff=points).write_csv(directory / "draft_values.csv")


def test_charts_in_a_synthetic_folder_do_not_make_the_data_synthetic(load: Loader, folder: Writer) -> None:
    """They stay when real data take the league's place, which must not be called synthetic because of them."""
    league = folder()
    _charts(league)
    assert {report.state for report in load(league).values()} == {"loaded"}
    assert load.rows(KINDS) == [("combine", True), ("draft_picks", True), ("pick_values", False)]
    assert {report.state for report in load(league).values()} == {"unchanged"}
