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

    def protocol(self, *, app_state: dict[str, object], data: bytes = b"", **arguments: object) -> asyncio.Protocol:
        """Return the protocol of a new connection, or of one from which a predecessor has read this data."""
        connection = _Connection(self, data)
        connection.inner = self._make(app_state={**app_state, _KEY: ref(connection)}, **arguments)
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

    def __init__(self, connections: Connections, data: bytes) -> None:
        self._connections = connections
        self._data = bytearray(data)  # of a request that the application has not got
        self._handling = False
        self._whole = False  # the request that is being handled has been read
        self._left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        self.inner.connection_made(transport)
        self._connections.opened(self)
        if self._data and not self._left:
            self.inner.data_received(bytes(self._data))

    def data_received(self, data: bytes) -> None:
        if not self._handling:
            self._data += data
            self._connections.hear()
            if self._left:
                return
        elif self._whole:  # the client does not wait for responses: uvicorn has its next request already
            self._connections.forget(self)
        self.inner.data_received(data)
        if self._transport.get_protocol() is not self:  # a websocket now
            self._connections.forget(self)

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
        if self._left:  # between the arrival of the request and this call; the next process has both
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        self._handling, self._data = True, bytearray()
        self._whole = not _has_body(scope["headers"])
        stays_open = scope["http_version"] == "1.1" and not _closes(scope["headers"])

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                self._whole = True
            return message

        async def say(message: Message) -> None:
            nonlocal stays_open
            if message["type"] == "http.response.start":
                if self._connections.leaving:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
                stays_open = stays_open and not _closes(message.get("headers", ()))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False) and self._whole:
                self._handling = False
                if self._connections.leaving and stays_open:  # also when uvicorn is about to close it, which this client does not expect
                    self._pass_on()

        await app(scope, hear, say)


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers)


def _closes(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"connection" and b"close" in value.lower() for name, value in headers)
