"""Parquet files that the API writes itself, read by another program."""

from __future__ import annotations

import asyncio
import io
import json
from itertools import product

import polars as pl
import pytest

from app.listing import stream
from app.listing.stream import StreamedRows

COLUMNS = {"i": "integer", "n": "number", "b": "boolean", "t": "text", "d": "date"}
TEXTS = (None, "", 'Ünï, "quoted"', "two\nlines", "a" * 300)
VALUES = product((None, -5, 2**31 - 1), (None, 2, -0.25), (None, True, False), TEXTS, (None, "1960-02-29", "2026-05-06"))
ROWS: list[dict[str, object]] = [dict(zip(COLUMNS, values, strict=True)) for values in VALUES]


class Copying:
    """Sends lines as COPY does, broken anywhere, and notes how many the encoding holds back."""

    def __init__(self, rows: list[dict[str, object]]) -> None:
        self.text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        self.written = bytearray()
        self.parts = 0

    async def copy_out(self, _statement: object, _values: object, sink: object, _style: object) -> None:
        for start in range(0, len(self.text), 1000):
            await sink(self.text[start : start + 1000])  # type: ignore[operator]

    async def take(self, body: bytes) -> None:
        self.written += body
        self.parts += 1


def write(rows: list[dict[str, object]]) -> Copying:
    copying = Copying(rows)
    response = StreamedRows(copying, None, {}, "parquet", "x.parquet", COLUMNS)  # type: ignore[arg-type]
    asyncio.run(response.copy(copying.take))
    return copying


def test_every_type_and_nulls_come_back_whatever_the_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROW_GROUP", 50)
    copying = write(ROWS)
    read = pl.read_parquet(io.BytesIO(bytes(copying.written)))
    assert read.schema == {"i": pl.Int32, "n": pl.Float64, "b": pl.Boolean, "t": pl.String, "d": pl.Date}
    assert read.with_columns(pl.col("d").dt.to_string()).to_dicts() == ROWS
    # each is sent as soon as it is complete: the process never holds more than one
    assert copying.parts == len(ROWS) // 50 + 1


def test_a_file_without_rows_is_a_file() -> None:
    read = pl.read_parquet(io.BytesIO(bytes(write([]).written)))
    assert (read.height, read.columns) == (0, list(COLUMNS))
