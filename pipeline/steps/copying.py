"""Frames to PostgreSQL and back by COPY, in pieces, so that neither side ever holds a whole file as text."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping

import asyncpg
import polars as pl

#: Rows per piece; a piece of a wide frame is some 2 MB of text, and polars needs several times that to write it.
PIECE = 16_384


async def copy_frame(connection: asyncpg.Connection, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table whose columns have the frame's names. Text is never empty in our frames, so an empty cell is null."""
    if frame.is_empty():
        return
    await connection.copy_to_table(table, source=_pieces(frame), columns=frame.columns, format="csv", null="")


async def _pieces(frame: pl.DataFrame) -> AsyncIterator[bytes]:
    """The frame as CSV without a header; the next piece is written in a thread while PostgreSQL reads this one."""
    offsets = range(0, len(frame), PIECE)
    upcoming: asyncio.Future[bytes] | None = None
    loop = asyncio.get_running_loop()
    for offset in offsets:
        current = upcoming or loop.run_in_executor(None, _as_csv, frame, offset)
        following = offset + PIECE
        piece = await current
        upcoming = loop.run_in_executor(None, _as_csv, frame, following) if following < len(frame) else None
        yield piece


def _as_csv(frame: pl.DataFrame, offset: int) -> bytes:
    buffer = io.BytesIO()
    frame.slice(offset, PIECE).write_csv(buffer, include_header=False)
    return buffer.getvalue()


async def fetch_frame(connection: asyncpg.Connection, query: str, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """The rows of a query as a frame; ``schema`` names its columns in order."""
    buffer = io.BytesIO()
    await connection.copy_from_query(query, output=buffer, format="csv", null="")
    if buffer.tell() == 0:
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    spelled = {name: pl.String if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    frame = pl.read_csv(buffer, has_header=False, schema=spelled)
    return frame.with_columns((pl.col(name) == "t").alias(name) for name, dtype in schema.items() if dtype == pl.Boolean)
