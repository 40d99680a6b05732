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


def _trades(directory: Path, legs: int) -> None:
    """Write trades of the Chiefs with the Bills into a folder."""
    leg = pl.int_range(1, legs + 1, dtype=pl.Int32, eager=True).alias("trade_id")
    trades = pl.DataFrame({"trade_id": leg}).with_columns(
        season=2000 + pl.col("trade_id") % 20 + 2, gave=pl.lit("KC"), received=pl.lit("BUF")
    )
    empty = ("trade_date", "pick_season", "pick_round", "pick_number", "conditional", "pfr_id")
    players = pl.format("Player {}", "trade_id").alias("pfr_name")
    trades.with_columns(players, *(pl.lit(None).alias(name) for name in empty)).write_csv(directory / "trades.csv")


LEAGUE_COUNTS = "select (select count(*) from draft_pick), (select count(*) from combine_entry), (select count(*) from person)"


def test_real_trades_alone_do_not_replace_a_synthetic_league(load: Loader, folder: Writer, tmp_path: Path) -> None:
    load(folder())
    before = load.rows(LEAGUE_COUNTS)
    real = tmp_path / "real"
    real.mkdir()
    _trades(real, 3200)
    for replace in (False, True):
        report = load(real, datasets=("trades",), replace=replace)["trades"]
        assert report.state == "skipped"
        assert report.error == (
            "The database holds a synthetic league; trades of real data do not replace it. "
            "Load the draft picks and combine results that they belong to first."
        )
    assert load.rows(LEAGUE_COUNTS) == before
    assert load.value("select count(*) from trade_leg") == 0


def test_synthetic_trades_alone_do_not_replace_real_data(load: Loader, folder: Writer, tmp_path: Path) -> None:
    load(folder())
    load.rows("update dataset set synthetic = false")
    before = load.rows(LEAGUE_COUNTS)
    league = folder("another")
    _trades(league, 20)
    report = load(league, datasets=("trades",), replace=True)["trades"]
    assert report.state == "skipped"
    assert report.error is not None
    assert report.error.startswith("The database holds real data; trades of a synthetic league do not replace it.")
    assert load.rows(LEAGUE_COUNTS) == before


def test_changed_trades_of_a_synthetic_league_leave_the_rest_of_it(load: Loader, folder: Writer) -> None:
    league = folder()
    _trades(league, 400)
    assert {report.state for report in load(league).values()} == {"loaded"}
    before = load.rows(LEAGUE_COUNTS)
    _trades(league, 401)
    reports = load(league, replace=True)
    assert {name: report.state for name, report in reports.items()} == {
        "draft_picks": "unchanged",
        "combine": "unchanged",
        "trades": "loaded",
    }
    assert (reports["trades"].rows_inserted, reports["trades"].rows_unchanged) == (1, 400)
    assert load.rows(LEAGUE_COUNTS) == before
