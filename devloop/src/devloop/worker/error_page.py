"""The code does not start, or takes long to: every request gets a page that says so, with the traceback, until it has started."""

from __future__ import annotations

import html
import selectors
import socket
import ssl
import time
from contextlib import suppress

from devloop.channel import Channel
from devloop.listener import Listener
from devloop.messages import Go, Prepared, Stop, Stopped
from devloop.worker.refresh import PREFIX, SCRIPT, WITHHELD, PageOrigin, hello, may_read_errors, script_element

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title></head>
<body><h1>{title}</h1>
<p>This page loads itself again as soon as {until}.</p>
<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{error}</pre>
{script}</body></html>
"""
#: Title, until when the page stays, and status with further headers.
_BROKEN = "The code does not start", "an edit makes it start", "500 Internal Server Error"
_STARTING = "The code is starting", "it has started", "503 Service Unavailable\r\nretry-after: 2"
#: How long one client may take in all, because the next one is waiting.
_CLIENT_SECONDS = 1.0
_LARGEST_HEAD = 65_536


def answer_with_error(
    channel: Channel,
    listener: Listener | None,
    error: str,
    origin: PageOrigin,
    tls: ssl.SSLContext | None = None,
    *,
    starting: bool = False,
) -> int:
    """Respond until the supervisor says ``Stop``. One client after the other: nothing here is urgent.

    While the code is ``starting`` it has not failed, and the text is not a traceback.
    """
    channel.send(Prepared())
    if listener is None or not isinstance(channel.receive(), Go):
        return 0
    listener.socket.setblocking(False)
    pages = _Pages(error, origin, starting=starting)
    waiting: dict[socket.socket, bytes] = {}  # connections that wait for a request, and what was read from them
    with selectors.DefaultSelector() as selector:
        for sock in (channel.socket, listener.socket, listener.front):
            selector.register(sock, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if channel.socket in ready:
                message = channel.receive()
                if message is None:
                    return 0
                if isinstance(message, Stop):
                    for connection, data in waiting.items():
                        listener.put(connection.fileno(), data)
                    channel.send(Stopped())
                    return 0
            while listener.front in ready and (found := listener.take()):
                waiting[found[0]] = found[1]
                selector.register(found[0], selectors.EVENT_READ)
            for connection in [connection for connection in waiting if connection in ready]:
                selector.unregister(connection)
                _respond(connection, waiting.pop(connection), pages)  # never one with TLS
            if listener.socket in ready:
                with suppress(OSError):  # another process of the group took it, or the client has left
                    _respond(_encrypted(listener.socket.accept()[0], tls), b"", pages)


def _encrypted(client: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    if tls is None:
        return client
    with client:  # closed here when this fails; otherwise there is nothing left in it to be closed
        client.settimeout(_CLIENT_SECONDS)
        return tls.wrap_socket(client, server_side=True)


def _respond(client: socket.socket, data: bytes, pages: _Pages) -> None:
    with suppress(OSError), client:  # the client has left
        deadline = time.monotonic() + _CLIENT_SECONDS
        client.settimeout(_CLIENT_SECONDS)
        head = _head(client, data, deadline)
        if not head:
            return
        client.sendall(pages.response(head))
        client.shutdown(socket.SHUT_WR)
        while _receive(client, deadline):  # what is not read when a socket is closed makes the kernel reset it
            pass


def _head(client: socket.socket, head: bytes, deadline: float) -> bytes:
    while b"\r\n\r\n" not in head and len(head) < _LARGEST_HEAD and (part := _receive(client, deadline)):
        head += part
    return head


def _receive(client: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    client.settimeout(left)
    return client.recv(_LARGEST_HEAD)


class _Pages:
    """The responses, one for each kind of request."""

    def __init__(self, error: str, origin: PageOrigin, *, starting: bool) -> None:
        self._origin = origin
        title, until, self._status = _STARTING if starting else _BROKEN
        self._state = title[:1].lower() + title[1:]
        self._page, self._bare_page = (
            _PAGE.format(title=title, until=until, error=html.escape(text), script=script_element(origin).decode()).encode()
            for text in (error, error if starting else WITHHELD)
        )

    def response(self, head: bytes) -> bytes:
        request, *headers = head.split(b"\r\n")
        method, path = [*request.split(b" "), b"", b""][:2]
        if path == f"{PREFIX}events".encode():
            return self._response("200 OK", "text/event-stream", b"retry: 500\n" + hello(self._origin, ""))
        if path.startswith(f"{PREFIX}refresh.js".encode()):
            return self._response("200 OK", "text/javascript; charset=utf-8", SCRIPT)
        page = self._page if may_read_errors(_host(headers)) else self._bare_page
        response = self._response(self._status, "text/html; charset=utf-8", page)
        return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else response

    def _response(self, status: str, kind: str, body: bytes) -> bytes:
        head = (
            f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\ncache-control: no-store\r\n"
            f"connection: close\r\nx-devloop-generation: {self._origin.generation}\r\nx-devloop-stale: {self._state}\r\n\r\n"
        )
        return head.encode() + body


def _host(headers: list[bytes]) -> bytes | None:
    return next((value.strip() for name, _, value in (line.partition(b":") for line in headers) if name.lower() == b"host"), None)
