"""Connections that clients keep open pass from one worker to the next, as the listening socket does.

A worker that has to stop puts each connection on which no request is being handled into the queue of the ``Listener``, and its successor
takes it from there. So a request that is sent after new code has responded to any client is handled by new code, on a connection that
was used before too; and no connection is closed while its client may be sending. The other ways fall short: closing idle connections
resets what a client is just sending, waiting for their next request lets old code respond after new code, and passing requests on
keeps the old process, with its background tasks, for as long as clients keep idle connections.

uvicorn's protocol is wrapped, by the interfaces of asyncio and ASGI alone: the wrapper sees when bytes arrive, and the ASGI layer when
the application is called and has responded. A connection with TLS cannot pass on, because the state of its encryption is in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast
from weakref import WeakSet, ref

from devloop.listener import Listener

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.server import ServerState

    MakeProtocol = Callable[..., asyncio.Protocol]

#: Where a request's scope has its connection, until the application gets it.
_KEY = "devloop.connection"


class Connections:
    """All of one worker: an ASGI layer around the application, and what makes the protocol of each connection."""

    def __init__(self, app: ASGIApp, listener: Listener, make: MakeProtocol) -> None:
        self.leaving = False
        self.listener = listener
        #: Takes what the supervisor has sent: a process that was paused may read a request before it reads that it has to stop.
        self.hear: Callable[[], None] = lambda: None
        self._app = app
        self._make = make
        self._open: WeakSet[_Connection] = WeakSet()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note what the application does on which connection."""
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
        """Let it pass on with the others, or at once when it was accepted just before the stop."""
        self._open.add(connection)
        if self.leaving:
            connection.leave()

    def leave(self) -> None:
        """Let the next process have every connection: at once, or when the response is complete."""
        self.leaving = True
        for connection in list(self._open):
            connection.leave()

    def forget(self, connection: _Connection) -> None:
        """Let it stay here."""
        self._open.discard(connection)


class _Connection(asyncio.Protocol):
    """One connection with the protocol that uvicorn has for it."""

    inner: asyncio.Protocol
    _transport: asyncio.Transport

    def __init__(self, connections: Connections, server_state: ServerState, data: bytes) -> None:
        self._connections = connections
        self._server_state = server_state
        self._data = bytearray(data)  # of a request that is not complete enough to be handled
        self._handling = False
        self._received = 0  # of the body of the request that is being handled
        self._responded_to: int | None = None  # a request with so long a body, of which a part is still to come
        self._left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        self.inner.connection_made(transport)
        self._connections.opened(self)
        if self._data and not self._left:
            self._read(bytes(self._data))

    def data_received(self, data: bytes) -> None:
        if not self._handling:
            self._data += data
            self._connections.hear()
            if self._left:
                return
        else:
            self._received += len(data)
        self._read(data)
        if self._received == self._responded_to:
            self._idle()

    def _read(self, data: bytes) -> None:
        state = self._server_state
        responses, tasks = state.total_requests, len(state.tasks)
        self.inner.data_received(data)
        if state.total_requests > responses:  # the protocol has responded by itself, without the application
            self._data = bytearray()
        elif len(state.tasks) > tasks:  # the request is on its way to the application, or to uvicorn's own refusal
            self._begin()
        if self._transport.get_protocol() is not self:  # a websocket now
            self._connections.forget(self)

    def _begin(self) -> None:
        if not self._handling:
            self._received = len(self._data) - (self._data.find(b"\r\n\r\n") + 4)
            self._handling, self._data = True, bytearray()

    def _idle(self) -> None:
        self._handling, self._responded_to = False, None
        if self._connections.leaving:
            self.leave()

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.forget(self)
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
        if self._transport.get_extra_info("sslcontext") is None:
            sock = self._transport.get_extra_info("socket")
            self._left = self._connections.listener.put(sock.fileno(), bytes(self._data))
            if self._left:
                self._connections.forget(self)
                self._transport.close()  # in this process alone

    async def respond(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application respond, and know when it has."""
        self._begin()
        self._responded_to = None
        length = _body_length(scope["headers"])
        read_to_end = False
        stays_open = scope["http_version"] == "1.1" and not _closes(scope["headers"])

        async def hear() -> Message:
            nonlocal read_to_end
            message = await receive()
            read_to_end = read_to_end or (message["type"] == "http.request" and not message.get("more_body", False))
            return message

        async def say(message: Message) -> None:
            nonlocal stays_open
            if message["type"] == "http.response.start":
                if self._connections.leaving:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
                stays_open = stays_open and not _closes(message.get("headers", ()))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                if read_to_end if length is None else self._received == length:
                    self._handling = False
                    if self._connections.leaving and stays_open:  # uvicorn may be closing it, which the client does not know
                        self._pass_on()
                else:  # the rest of the body is on its way, or the next request of a client that does not wait for responses
                    self._responded_to = length

        await app(scope, hear, say)


def _body_length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return how many bytes a request's body has; None when it comes in chunks."""
    found = dict(headers)
    return None if b"transfer-encoding" in found else int(found.get(b"content-length", b"0"))


def _closes(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"connection" and b"close" in value.lower() for name, value in headers)
