"""Rows that still need a person."""

from __future__ import annotations

import polars as pl

from pipeline.steps.identity import Assignment, without_rows

ROWS = pl.DataFrame({"row": [3, 0, 2], "name": ["c", "a", None]}, schema_overrides={"row": pl.UInt32})


def test_rows_without_those_named_keep_their_order() -> None:
    assert without_rows(ROWS, pl.Series([0, 7], dtype=pl.UInt32)).rows() == [(3, "c"), (2, None)]


def test_nothing_named_takes_nothing_away() -> None:
    assert without_rows(ROWS, Assignment().pairs()["row"]).equals(ROWS)
