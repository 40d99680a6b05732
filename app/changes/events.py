"""Changes as server-sent events: those after the last one that the client has, then each load's as it commits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import Depends
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.changes import service
from app.changes.schemas import ChangeParameters
from app.context import ServiceContext
from app.errors import InvalidParameter
from app.listing.model import Row
from app.listing.parameters import whole_number

#: Seconds between signs of life: proxies close a connection that is silent for a minute, and a client that left is noticed by them.
KEEPALIVE_SECONDS = 15.0
#: What a list knows and a stream of events does not.
_NOT_HERE = ("sort", "cursor", "limit", "format", "escape_formulas")
_HEADERS = {"vary": "Accept", "cache-control": "no-store", "x-accel-buffering": "no"}


async def last_event_id(request: Request) -> int | None:
    """Return the number in the ``Last-Event-ID`` header.

    Raises:
        InvalidParameter: it is not a number.
    """
    text = request.headers.get("last-event-id")
    if text is None:
        return None
    number = whole_number(text)
    if number is not None:
        return number
    raise InvalidParameter("Last-Event-ID", "must be the id of an event of this stream", text[:40])


LastEventId = Annotated[int | None, Depends(last_event_id)]


class ChangeStream(EventSourceResponse):
    """Events without an end; a HEAD request gets the headers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client leaves."""
        if not scope.get("head_only"):
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b""})


async def change_events(context: ServiceContext, parameters: ChangeParameters, last: int | None, draining: asyncio.Event) -> ChangeStream:
    """Return the stream. It begins after the event ``last``, else with the first change since ``since``, else with the next change.

    It ends when ``draining`` is set, and when the client leaves.

    Raises:
        InvalidParameter: a parameter that has no meaning for events.
    """
    for name in _NOT_HERE:
        if name in parameters.model_fields_set:
            raise InvalidParameter(name, f"Server-sent events come in their own order and have no end; omit {name}.")
    if last is None:
        last = 0 if parameters.since is not None else await service.latest_event(context)
    news = context.dataset.news  # before the first read, so that no load falls between
    first = await service.events_after(context, parameters, last)
    return ChangeStream(_stream(context, parameters, first, last, news, draining), headers=_HEADERS)


async def _stream(
    context: ServiceContext, parameters: ChangeParameters, rows: list[Row], last: int, news: asyncio.Event, draining: asyncio.Event
) -> AsyncIterator[bytes]:
    yield KEEPALIVE_COMMENT  # the client learns at once that it is connected
    while True:
        if rows:
            last = int(str(rows[-1]["event_id"]))
            yield b"".join(format_sse_event(data_str=msgspec.json.encode(row).decode(), id=str(row["event_id"])) for row in rows)
        if len(rows) < service.EVENTS_AT_ONCE:
            while not await _comes(news, draining):
                yield KEEPALIVE_COMMENT
        if draining.is_set():
            return
        news = context.dataset.news
        rows = await service.events_after(context, parameters, last)


async def _comes(*events: asyncio.Event) -> bool:
    """Wait for one of the events, at most until the next sign of life is due, and tell whether it has come."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=KEEPALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    return bool(done)
