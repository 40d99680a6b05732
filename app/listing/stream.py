"""Whole filtered sets as CSV, NDJSON or one JSON array: PostgreSQL formats the rows, the process only passes bytes on.

Memory stays constant: COPY is read no faster than the client takes it. An error before the first byte is an ordinary problem document;
one after it breaks the connection off, so that no client takes half a file for a whole one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from app.db.database import CopyStyle
from app.listing.select import Shape, csv_statement, json_statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from app.context.dataset_state import DatasetVersion
    from app.db.database import Database
    from app.db.statements import Statement
    from app.listing.model import Listing
    from app.listing.page import ListRequest
    from app.listing.parameters import Format

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}
#: CSV without any quoting: JSON text has no control characters, so every line is one object, byte for byte.
_RAW_LINES = CopyStyle(header=False, delimiter="\x02", quote="\x01")
_CSV = CopyStyle(header=True)


def whole_set(
    database: Database, listing: Listing, request: ListRequest, form: Format, version: DatasetVersion, *, escape_formulas: bool
) -> StreamedRows:
    """Return the response that streams all rows that match the request's filters."""
    shape = Shape(request.fields, frozenset(request.filters), request.sort)
    statement = csv_statement(listing, shape, escape_formulas) if form == "csv" else json_statement(listing, shape)
    return StreamedRows(database, statement, request.filters, form, version.file_name(f"{listing.name}.{form}"))


class StreamedRows(Response):
    """Respond as soon as the database sends the first bytes."""

    def __init__(self, database: Database, statement: Statement, values: Mapping[str, object], form: Format, filename: str) -> None:
        super().__init__(media_type=MEDIA_TYPES[form], headers={"content-disposition": f'attachment; filename="{filename}"'})
        del self.headers["content-length"]
        self._database = database
        self._statement = statement
        self._values = values
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the rows, and stop the database's work when the client leaves."""
        if scope.get("head_only"):
            await self._start(send)
            await send({"type": "http.response.body", "body": b""})
            return
        sender = _Sender(self, send, as_array=self._form == "json")
        copying = asyncio.ensure_future(
            self._database.copy_out(self._statement, self._values, sender.take, _CSV if self._form == "csv" else _RAW_LINES)
        )
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait((copying, leaving), return_when=asyncio.FIRST_COMPLETED)
            if copying.done():
                copying.result()
                await sender.finish()
        finally:
            for task in (copying, leaving):
                task.cancel()
            await asyncio.gather(copying, leaving, return_exceptions=True)

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Sender:
    """Turns blocks of lines into body messages; for a JSON array, line ends become commas."""

    def __init__(self, response: StreamedRows, send: Send, *, as_array: bool) -> None:
        self._response = response
        self._send = send
        self._as_array = as_array
        self._started = False
        self._owed_line_end = False

    async def take(self, block: bytes) -> None:
        """Take one block from COPY: whole or broken lines, of any size."""
        await self._ensure_started()
        if self._as_array:
            block = self._joined_by_commas(block)
        if block:
            await self._body(block, more=True)

    async def finish(self) -> None:
        """Finish after the last block."""
        await self._ensure_started()
        await self._body(b"]" if self._as_array else b"", more=False)

    def _joined_by_commas(self, block: bytes) -> bytes:
        # the line end that closes a block is kept back until another row is known to follow
        prefix = b",\n" if self._owed_line_end and block else b""
        self._owed_line_end = block.endswith(b"\n")
        return prefix + (block[:-1] if self._owed_line_end else block).replace(b"\n", b",\n")

    async def _ensure_started(self) -> None:
        if not self._started:
            self._started = True
            await self._response._start(self._send)
            if self._as_array:
                await self._body(b"[", more=True)

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
