"""Whole filtered sets as CSV, NDJSON or one JSON array: PostgreSQL formats the rows, the process only passes bytes on. Or as Parquet.

Memory stays constant: COPY is read no faster than the client takes it. An error before the first byte is an ordinary problem document;
one after it breaks the connection off, so that no client takes half a file for a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.datasets.model import CellKind
from app.db.database import CopyStyle, Database
from app.db.statements import Statement
from app.listing.parameters import Format
from app.listing.parquet import ROW_GROUP, ParquetFile

FileFormat: TypeAlias = "Format | Literal['parquet']"
MEDIA_TYPES: Mapping[FileFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
#: CSV without any quoting: JSON text has no control characters, so every line is one object, byte for byte.
_RAW_LINES = CopyStyle(header=False, delimiter="\x02", quote="\x01")
_CSV = CopyStyle(header=True)


class Encoding:
    """Turns blocks of lines from COPY, whole or broken, into the bytes of a format; here they are the same."""

    async def feed(self, block: bytes) -> bytes:
        """Return the bytes for the next block."""
        return block

    async def end(self) -> bytes:
        """Return the bytes after the last block."""
        return b""


class _Array(Encoding):
    """A JSON array: line ends become commas."""

    def __init__(self) -> None:
        self._begun = self._owed_line_end = False

    async def feed(self, block: bytes) -> bytes:
        # the line end that closes a block is kept back until another row is known to follow
        prefix = b"" if self._begun else b"["
        self._begun = True
        prefix += b",\n" if self._owed_line_end and block else b""
        self._owed_line_end = block.endswith(b"\n")
        return prefix + (block[:-1] if self._owed_line_end else block).replace(b"\n", b",\n")

    async def end(self) -> bytes:
        return b"]" if self._begun else b"[]"


class _Parquet(Encoding):
    """A row group at a time, in a thread."""

    def __init__(self, columns: Mapping[str, CellKind]) -> None:
        self._file = ParquetFile(columns)
        self._lines: list[bytes] = []
        self._rest = b""

    async def feed(self, block: bytes) -> bytes:
        *lines, self._rest = (self._rest + block).split(b"\n")
        self._lines += lines
        groups = []
        while len(self._lines) >= ROW_GROUP:
            groups.append(await asyncio.to_thread(self._file.row_group, self._lines[:ROW_GROUP]))
            del self._lines[:ROW_GROUP]
        return b"".join(groups)

    async def end(self) -> bytes:
        last = await asyncio.to_thread(self._file.row_group, self._lines) if self._lines else b""
        return last + self._file.end()


class StreamedRows(Response):
    """Respond as soon as the database sends the first bytes. ``columns`` are those of a Parquet file."""

    def __init__(
        self,
        database: Database,
        statement: Statement,
        values: Mapping[str, object],
        form: FileFormat,
        filename: str,
        columns: Mapping[str, CellKind] = MappingProxyType({}),
    ) -> None:
        super().__init__(media_type=MEDIA_TYPES[form], headers={"content-disposition": f'attachment; filename="{filename}"'})
        del self.headers["content-length"]
        self.filename = filename
        self._database = database
        self._statement = statement
        self._values = values
        self._form = form
        self._columns = columns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the rows, and stop the database's work when the client leaves."""
        if scope.get("head_only"):
            await self._start(send)
            await send({"type": "http.response.body", "body": b""})
            return
        started = False

        async def take(body: bytes) -> None:
            nonlocal started
            if not started:
                started = True
                await self._start(send)
            await send({"type": "http.response.body", "body": body, "more_body": True})

        copying = asyncio.ensure_future(self.copy(take))
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait((copying, leaving), return_when=asyncio.FIRST_COMPLETED)
            if copying.done():
                copying.result()
                if not started:
                    await self._start(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for task in (copying, leaving):
                task.cancel()
            await asyncio.gather(copying, leaving, return_exceptions=True)

    async def copy(self, sink: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass everything to ``sink``, which is called with what is not empty.

        Raises:
            DatabaseUnavailable: no connection, or it was lost on the way.
        """
        encoding = self._encoding()

        async def take(block: bytes) -> None:
            if body := await encoding.feed(block):
                await sink(body)

        await self._database.copy_out(self._statement, self._values, take, _CSV if self._form == "csv" else _RAW_LINES)
        if body := await encoding.end():
            await sink(body)

    def _encoding(self) -> Encoding:
        match self._form:
            case "json":
                return _Array()
            case "parquet":
                return _Parquet(self._columns)
            case _:
                return Encoding()

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
