"""Frames to PostgreSQL and back by COPY, in pieces, so that neither side ever holds a whole file as text."""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import asyncpg
import polars as pl

QuoteStyle = Literal["necessary", "never"]

#: Rows per piece; a piece of a wide frame is some 2 MB of text, and polars needs several times that to write it.
PIECE = 16_384
#: Bytes of text per piece that is read.
PIECE_BYTES = 4 << 20
#: Pieces that are prepared in advance, to bridge moments in which another thread of ours uses all processors.
AHEAD = 3

#: Seconds in which the driver reports a connection that has ended, if it ever does.
NOTICE_SECONDS = 0.5

#: The delimiter between cells; decoding removes it from all cells, so that pieces need not be checked for it.
DELIMITER = "\x1f"
#: The quote around a cell that contains a line break or a quote.
_QUOTE = "\x1e"


async def copy_frame(connection: asyncpg.Connection, table: str, frame: pl.DataFrame, *, emptied: bool = False) -> None:
    """Append a frame to a table whose columns have the frame's names. Text is never empty in our frames, so an empty cell is null.

    ``emptied``: this transaction has truncated the table, so that its rows can be written as if they had always been there, and PostgreSQL
    need not come back to every page to note that they are committed.
    """
    if frame.is_empty():
        return
    copying = connection.copy_to_table(
        table, source=_pieces(frame), columns=frame.columns, freeze=emptied,
        format="csv", null="", delimiter=DELIMITER, quote=_QUOTE, escape=_QUOTE,
    )  # fmt: skip
    await _while_connected(connection, copying)


async def _while_connected(connection: asyncpg.Connection, copying: Coroutine[None, None, str]) -> None:
    """Copy, and give up when the connection ends.

    The driver holds data back until the server accepts more; if the server is gone, it waits for that indefinitely.

    Raises:
        ConnectionResetError: the connection has ended, and the driver did not notice.
    """
    ended = asyncio.Event()

    def tell(_: object) -> None:
        ended.set()

    connection.add_termination_listener(tell)
    tasks = asyncio.ensure_future(copying), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            await asyncio.wait(tasks[:1], timeout=NOTICE_SECONDS)  # its own error says more
        if not tasks[0].done():
            raise ConnectionResetError("the database closed the connection")
        tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        connection.remove_termination_listener(tell)


async def _pieces(frame: pl.DataFrame) -> AsyncIterator[bytes]:
    """Yield the frame as text without a header; a thread writes the next pieces in order while PostgreSQL reads the current one."""
    loop = asyncio.get_running_loop()
    writer = ThreadPoolExecutor(1)
    upcoming: deque[asyncio.Future[bytes]] = deque()
    try:
        for offset in range(0, len(frame), PIECE):
            upcoming.append(loop.run_in_executor(writer, _as_csv, frame.slice(offset, PIECE)))
            if len(upcoming) > AHEAD:
                yield await upcoming.popleft()
        while upcoming:
            yield await upcoming.popleft()
    finally:
        writer.shutdown(wait=False, cancel_futures=True)
        for piece in upcoming:
            if not piece.cancel() and not piece.cancelled():
                piece.exception()  # mark as retrieved: the piece that was awaited reports the failure


def _as_csv(piece: pl.DataFrame) -> bytes:
    """Write a piece without quotes, and again with them if a cell needs it: quoting costs a third of the time, and few pieces need it."""
    plain = _written(piece, "never")
    return plain if _is_plain(plain, len(piece)) else _written(piece, "necessary")


def _is_plain(text: bytes, rows: int) -> bool:
    """Check that no cell contains a line break or a quote. Decoding has already removed the delimiter."""
    return text.count(b"\n") == rows and _QUOTE.encode() not in text and b"\r" not in text


def _written(piece: pl.DataFrame, quote_style: QuoteStyle) -> bytes:
    buffer = io.BytesIO()
    piece.write_csv(buffer, include_header=False, separator=DELIMITER, quote_char=_QUOTE, quote_style=quote_style)
    return buffer.getvalue()


async def fetch_frame(
    connection: asyncpg.Connection,
    query: str,
    schema: Mapping[str, type[pl.DataType]],
    *arguments: object,
    keep: Callable[[pl.DataFrame], pl.DataFrame] = lambda piece: piece,
) -> pl.DataFrame:
    """Return the rows of a query as a frame; ``schema`` names its columns in order.

    A thread reads each piece of the text while PostgreSQL writes the next, so that memory never holds all of it. ``keep`` returns what is
    needed of the rows of a piece.
    """
    text, reading = io.BytesIO(), []

    async def take(rows: bytes) -> None:
        nonlocal text
        text.write(rows)  # PostgreSQL sends whole rows, and the driver hands on whole messages
        if text.tell() > PIECE_BYTES:
            reading.append(asyncio.ensure_future(asyncio.to_thread(_from_csv, text, schema, keep)))
            text = io.BytesIO()
            if len(reading) >= AHEAD:
                await asyncio.wait([reading[-AHEAD]])

    try:
        await connection.copy_from_query(query, *arguments, output=take, format="csv", null="")
    finally:  # a copy that fails or is stopped leaves no thread behind
        await asyncio.gather(*reading, return_exceptions=True)
    return pl.concat([*(each.result() for each in reading), _from_csv(text, schema, keep)], rechunk=True)


def _from_csv(text: io.BytesIO, schema: Mapping[str, type[pl.DataType]], keep: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    if text.tell() == 0:
        return keep(pl.DataFrame(schema=dict(schema)))
    text.seek(0)
    spelled = {name: pl.String if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    frame = pl.read_csv(text, has_header=False, schema=spelled)
    return keep(frame.with_columns((pl.col(name) == "t").alias(name) for name, dtype in schema.items() if dtype == pl.Boolean))
