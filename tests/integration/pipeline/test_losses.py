"""Losses that whole columns hide: a season in the middle, a column made unreadable, the values of one season or position group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.pipeline.conftest import Loader, Writer

Frames = dict[str, pl.DataFrame]


def test_a_season_in_the_middle_must_not_be_missing(load: Loader, folder: Writer, made_up: Frames) -> None:
    directory = folder(draft_picks=made_up["draft_picks"].filter(pl.col("season") != 2003))
    refused = load(directory, datasets=("draft_picks",))["draft_picks"]
    assert (refused.state, load.value("select count(*) from draft_pick")) == ("failed", 0)
    assert "has no rows of 2003, between" in str(refused.error)
    assert "--accept-gap" in str(refused.error)
    assert load(directory, datasets=("draft_picks",), accept_gap=True)["draft_picks"].state == "loaded"
    # what has been accepted once does not stop the next load, and is still said
    again = load(directory, datasets=("draft_picks",), force=True)["draft_picks"]
    assert again.state == "unchanged", again.error
    assert load.rows("select rule, season from quality_issue where run_id = $1 and severity = 'warning'", again.run_id) == [
        ("season_missing", 2003)
    ]


def test_heights_that_a_spreadsheet_made_dates(load: Loader, folder: Writer, made_up: Frames) -> None:
    months = ["-", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    dated = pl.col("ht").str.replace_many(
        [f"{f}-{i}" for f in (5, 6) for i in (10, 11)], [f"{i}-{months[f]}" for f in (5, 6) for i in (10, 11)]
    )
    report = load(folder(combine=made_up["combine"].with_columns(dated)), datasets=("combine",))["combine"]
    assert report.state == "failed"
    assert "a height (ht) that is not feet-inches, such as 1" in str(report.error)
    assert "A spreadsheet" in str(report.error)


def _part(season: int, *positions: str) -> pl.Expr:
    return (pl.col("season") == season) & pl.col("pos").is_in(positions)


@pytest.mark.parametrize(
    ("dataset", "column", "spoil", "reason"),
    [
        ("combine", "forty", lambda: pl.when(~_part(2010, "CB", "RB", "DE")).then("forty"), "forty in 2010 is filled in"),
        ("draft_picks", "w_av", lambda: pl.when(~pl.col("season").is_between(2005, 2009)).then("w_av").otherwise(0),
         "w_av is neither empty nor 0 in"),
        ("draft_picks", "hof", lambda: pl.lit(value=False), "hof is neither empty nor 0 in 0 rows"),
    ],
    ids=["gone", "zero", "false"],
)  # fmt: skip
def test_values_of_a_season_that_vanish_fail(
    load: Loader, folder: Writer, made_up: Frames, dataset: str, column: str, spoil: Callable[[], pl.Expr], reason: str
) -> None:
    load(folder(), datasets=("draft_picks", "combine"))
    changed = folder("changed", **{dataset: made_up[dataset].with_columns(spoil().alias(column))})
    report = load(changed, datasets=(dataset,))[dataset]
    assert (report.state, reason in str(report.error)) == ("failed", True), report
    assert "--replace" in str(report.error)
    accepted = load(changed, datasets=(dataset,), replace=True)[dataset]
    assert accepted.state == "loaded", accepted.error


def test_values_of_a_position_group_are_missed_until_they_are_back(load: Loader, folder: Writer, made_up: Frames) -> None:
    """A loss of a few values is no reason to refuse a load, and it is said by every load until it is made good."""
    receivers = made_up["combine"].filter(_part(2010, "WR") & pl.col("forty").is_not_null())
    assert 3 <= len(receivers) < 10
    whole = folder()
    load(whole, datasets=("draft_picks", "combine"))
    spoilt = made_up["combine"].with_columns(pl.when(~_part(2010, "WR")).then("forty").alias("forty"))
    thinned = folder("thinned", combine=spoilt)
    expected = [("warning", 2010, "2010/WR", "forty", "0", len(receivers))]
    found = "select severity, season, entity, field, value, expected from quality_issue where run_id = $1 and rule = 'part_thinned'"
    for force in (False, True):
        report = load(thinned, datasets=("combine",), force=force)["combine"]
        assert load.rows(found, report.run_id) == expected
    back = load(whole, datasets=("combine",))["combine"]
    assert load.rows(found, back.run_id) == []
