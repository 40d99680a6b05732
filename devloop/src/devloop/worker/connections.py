"""Connections that clients keep open pass from one worker to the next, as the listening socket does.

A worker that has to stop puts each connection on which no request is being handled into the queue of the ``Listener``, and its successor
takes it from there. So a request that is sent after new code has responded to any client is handled by new code, also on a connection
that was used before; and no connection is closed while its client may be sending. The alternatives are worse: closing idle connections
resets what a client is just sending, waiting for their next request lets old code respond after new code, and forwarding requests keeps
the old process, with its background tasks, for as long as clients keep idle connections.

uvicorn's protocol is wrapped, through the interfaces of asyncio and ASGI alone: the wrapper sees when bytes arrive, and the ASGI layer
when the application is called and has responded. What is still to be written when the response is complete goes out first. A connection
with TLS cannot pass on, because the state of its encryption is in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast
from weakref import WeakSet, ref

from devloop.listener import Listener

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope, Scope
    from uvicorn.server import ServerState

    MakeProtocol = Callable[..., asyncio.Protocol]

#: Where a request's scope has its connection, until the application gets it.
_KEY = "devloop.connection"


class Connections:
    """All connections of one worker: an ASGI layer around the application, and the factory of protocols."""

    def __init__(self, app: ASGI3Application, listener: Listener, make: MakeProtocol) -> None:
        self.leaving = False
        self.listener = listener
        #: Reads what the supervisor has sent: a process that was paused may read a request before it reads that it has to stop.
        self.hear: Callable[[], None] = lambda: None
        self._app = app
        self._make = make
        self._open: WeakSet[_Connection] = WeakSet()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Call the application, and observe which connection it responds on."""
        known = scope.get("state", {}).pop(_KEY, None) if scope["type"] != "lifespan" else None
        connection: _Connection | None = known and known()
        if connection is None or scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await connection.respond(self._app, scope, receive, send)

    def protocol(
        self, *, app_state: dict[str, object], server_state: ServerState, data: bytes = b"", **arguments: object
    ) -> asyncio.Protocol:
        """Return the protocol of a new connection, or of one from which a predecessor has read this data."""
        connection = _Connection(self, server_state, data)
        connection.inner = self._make(app_state={**app_state, _KEY: ref(connection)}, server_state=server_state, **arguments)
        return connection

    def opened(self, connection: _Connection) -> None:
        """Add a connection; it passes on at once when it was accepted just before the stop."""
        self._open.add(connection)
        if self.leaving:
            connection.leave()

    def leave(self) -> None:
        """Pass on every connection: at once, or when the response is complete."""
        self.leaving = True
        for connection in list(self._open):
            connection.leave()

    def forget(self, connection: _Connection) -> None:
        """Remove a connection that stays here or has gone."""
        self._open.discard(connection)


class _Connection(asyncio.Protocol):
    """One connection, with uvicorn's protocol for it."""

    inner: asyncio.Protocol
    _transport: asyncio.Transport

    def __init__(self, connections: Connections, server_state: ServerState, data: bytes) -> None:
        self._connections = connections
        self._server_state = server_state
        self._data = bytearray(data)  # what has been read and does not belong to the request that is being handled
        self._handling = False  # until the response is complete and the body of the request has been read
        self._body: _Body | None = None  # of the request that the application was called with
        self._responded = False
        self._stays_open = True  # as far as the client knows
        self._left = False
        self._writing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        self.inner.connection_made(transport)
        self._connections.opened(self)
        if self._data and not self._left:
            self._read(bytes(self._data))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._handling:
            self._connections.hear()
            if self._left:
                return
        self._read(data)

    def _read(self, data: bytes) -> None:
        state = self._server_state
        responses, tasks = state.total_requests, len(state.tasks)
        self.inner.data_received(data)
        if self._transport.get_protocol() is not self:  # a websocket now
            self._connections.forget(self)
        elif state.total_requests > responses:  # the protocol has responded by itself, without the application
            self._data.clear()
        elif self._body:
            self._read_body(self._body)
        elif len(state.tasks) > tasks:  # the request is on its way to the application, or to uvicorn's own refusal
            self._handling = True

    def _read_body(self, body: _Body) -> None:
        if not self._transport.is_closing():  # as after a request that uvicorn could not parse
            body.take(self._data)
        if self._responded and body.ended:
            self._body = None
            self._handling = b"\r\n\r\n" in self._data  # uvicorn has the next request of a client that does not wait for responses
            if self._connections.leaving and self._stays_open and not self._handling:
                self._pass_on()

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.forget(self)
        if self._writing and exc is None:  # everything has been written, and the socket is closed only after this call
            self._put()
        self._left = True
        self.inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    def leave(self) -> None:
        """Pass on now, unless a request is being handled."""
        if not self._handling and not self._transport.is_closing():
            self._pass_on()

    def _pass_on(self) -> None:
        """Hand this connection to the next process, after what this one has still to write."""
        if self._left or self._transport.get_extra_info("sslcontext") is not None:
            return
        self._writing = self._transport.get_write_buffer_size() > 0
        self._left = self._writing or self._put()
        if self._left:
            self._connections.forget(self)
            self._transport.close()  # in this process alone

    def _put(self) -> bool:
        return self._connections.listener.put(self._transport.get_extra_info("socket").fileno(), bytes(self._data))

    async def respond(self, app: ASGI3Application, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Call the application, and see when its response is complete."""
        self._data = self._data.partition(b"\r\n\r\n")[2]
        self._handling, self._responded = True, False
        headers = dict(scope["headers"])
        self._stays_open = scope["http_version"] == "1.1" and b"close" not in headers.get(b"connection", b"").lower()
        self._body = body = _Body(headers)
        if self._data:
            self._read_body(body)

        async def say(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start":
                if self._connections.leaving:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
                for name, value in message.get("headers", ()):
                    if name.lower() == b"connection" and b"close" in value.lower():
                        self._stays_open = False
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._responded = True
                self._read_body(body)  # uvicorn may be closing the connection, which the client does not know

        await app(scope, receive, say)


class _Body:
    """Finds the end of a request's body in what is read from a connection that uvicorn can parse."""

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._chunked = b"transfer-encoding" in headers
        self._remaining = 0 if self._chunked else int(headers.get(b"content-length", b"0"))  # of the body or of a chunk
        self._last_chunk = False
        self.ended = not self._chunked and self._remaining == 0

    def take(self, data: bytearray) -> None:
        """Remove from the data what belongs to this body."""
        while data and not self.ended:
            if self._remaining:
                taken = min(self._remaining, len(data))
                del data[:taken]
                self._remaining -= taken
                self.ended = not self._chunked and self._remaining == 0
            elif (end := data.find(b"\r\n")) >= 0:
                line = bytes(data[:end])
                del data[: end + 2]
                self._end_line(line)
            else:
                return

    def _end_line(self, line: bytes) -> None:
        if self._last_chunk:  # trailers, and then an empty line
            self.ended = not line
        else:
            size = int(line.partition(b";")[0], 16)
            self._last_chunk = size == 0
            self._remaining = size and size + 2
