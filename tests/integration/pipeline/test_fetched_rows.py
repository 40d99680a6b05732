"""Stored rows are read in pieces of their text, of which a load keeps no more than it needs."""

from __future__ import annotations

import asyncio
from datetime import date

import polars as pl
import pytest

from app.db.connect import connect
from pipeline.steps import copying

SCHEMA = {"pick": pl.Int32, "name": pl.String, "forty": pl.Float64, "hof": pl.Boolean, "born": pl.Date}
#: Cells that would break a piece in two, or are spelled in more than one way.
ODD = ['Ray\n"Crash"', "a,b", None, " plain ", "t"]
ROWS = [
    (i, ODD[i % 5], (None, 4.5, 0.1 + 0.2)[i % 3], (True, False, None)[i % 3], (None, date(1987, 12, 31))[i % 2]) for i in range(60_000)
]  # more than the driver hands on at once


def test_pieces_are_the_rows_and_hash_alike(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PIECE_BYTES", 1)
    expected = pl.DataFrame(ROWS, schema=SCHEMA, orient="row")
    sizes: list[int] = []

    def hashed(piece: pl.DataFrame) -> pl.DataFrame:
        sizes.append(len(piece))
        return piece.select(piece.hash_rows().alias("hash"))

    async def run() -> tuple[pl.DataFrame, pl.DataFrame]:
        connection = await connect(database)
        try:
            await connection.execute("create temp table t (pick int, name text, forty float8, hof bool, born date)")
            await copying.copy_frame(connection, "t", expected)
            whole = await copying.fetch_frame(connection, "select * from t", SCHEMA)
            return whole, await copying.fetch_frame(connection, "select * from t", SCHEMA, keep=hashed)
        finally:
            await connection.close()

    whole, hashes = asyncio.run(run())
    assert whole.equals(expected)
    assert len([size for size in sizes if size]) > 1, f"one piece proves nothing: {sizes}"
    assert hashes["hash"].equals(expected.hash_rows().alias("hash"))
