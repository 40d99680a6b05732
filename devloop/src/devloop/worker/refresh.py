"""Pages in browsers load themselves again after a reload, and show why when the new code does not start.

An ASGI layer around the application. Every HTML page that a browser loads gets one script element; the script listens to an event
stream that this layer answers. The stream of a worker ends with it, the browser connects to the next one, and learns from its
origin that the page is old.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        HTTPResponseStartEvent,
        HTTPScope,
        Scope,
    )

PREFIX = "/__devloop__/"
SCRIPT = (Path(__file__).parent / "refresh.js").read_bytes()
#: Answers without a body, or with a part of one.
_NO_PAGES = frozenset({204, 205, 206, 304})
#: A page belongs to one generation of the code: a cached copy would reload itself endlessly.
_DROPPED = frozenset({b"etag", b"last-modified", b"cache-control", b"content-length"})


#: Numeric addresses and ``localhost``, which pages of other sites cannot use. The owner of any other name could make it resolve to this
#: machine, and the pages of that site could then read the responses.
_OWN_HOST = re.compile(rb"(?:(?:[^:/]+\.)?localhost|[0-9.]+|\[[0-9a-f:.]+\])\.?(?::[0-9]*)?", re.IGNORECASE)
WITHHELD = "The traceback is in the terminal. It is shown here under localhost or a numeric address, not under the name of a host."


class PageOrigin(NamedTuple):
    """Which code a page is from: generations begin at 1 again with every start of the loop. ``root_path`` is what a proxy puts before."""

    supervisor: str
    generation: int
    root_path: str = ""


def may_read_errors(host: bytes | None) -> bool:
    """Check that a client with this ``Host`` may see a traceback, which has lines of the code and paths of this machine."""
    return host is None or _OWN_HOST.fullmatch(host) is not None


def script_element(origin: PageOrigin) -> bytes:
    """Return the script that is added to a page of this origin."""
    address = f"{origin.root_path}{PREFIX}refresh.js?supervisor={origin.supervisor}&amp;generation={origin.generation}"
    return f'<script src="{address}" defer></script>\n'.encode()


def hello(origin: PageOrigin, error: str) -> bytes:
    """Return the first event of a stream: the generation that responds, and why newer code does not."""
    return event("hello", supervisor=origin.supervisor, generation=origin.generation, error=error)


def event(kind: str, **fields: object) -> bytes:
    """Encode one event of the stream."""
    return f"event: {kind}\ndata: {json.dumps(fields)}\n\n".encode()


class PageRefresh:
    """The layer of one worker."""

    def __init__(self, app: ASGI3Application, origin: PageOrigin) -> None:
        self._app = app
        self._origin = origin
        self._element = script_element(origin)
        self._error = ""
        #: Each listening page, and whether it may read errors.
        self._listeners: dict[asyncio.Queue[bytes], bool] = {}

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Handle our own URLs, and add the script to pages."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._path(scope).startswith(PREFIX):
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, self._adding(send) if _asks_for_page(scope) else send)

    def _path(self, scope: HTTPScope) -> str:
        path: str = scope["path"]
        return path.removeprefix(self._origin.root_path)

    def stale(self, error: str) -> None:
        """Report that newer code did not start (or, with an empty text, that it has started)."""
        self._error = error
        for listener, trusted in self._listeners.items():
            listener.put_nowait(event("stale", error=self._error_for(trusted)))

    def _error_for(self, trusted: bool) -> str:
        return self._error if trusted or not self._error else WITHHELD

    def refresh(self) -> None:
        """Report that templates or static files have changed, but no code."""
        self._tell(event("refresh"))

    def leave(self) -> None:
        """End the streams, so that browsers connect to the successor."""
        self._tell(b"")

    def _tell(self, data: bytes) -> None:
        for listener in self._listeners:
            listener.put_nowait(data)

    def _adding(self, send: ASGISendCallable) -> ASGISendCallable:
        page = False

        async def add(message: ASGISendEvent) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                page = self._is_page(message)
            elif page and message["type"] == "http.response.body" and not message.get("more_body", False):
                message = {**message, "body": message.get("body", b"") + self._element}
            await send(message)

        return add

    def _is_page(self, start: HTTPResponseStartEvent) -> bool:
        """Check that the response is a complete, uncompressed HTML page, and adapt its headers to the added script."""
        headers: list[tuple[bytes, bytes]] = list(start.get("headers", []))
        found = {name.lower(): value for name, value in headers}
        if start["status"] in _NO_PAGES or not found.get(b"content-type", b"").startswith(b"text/html") or b"content-encoding" in found:
            return False
        kept = [(name, value) for name, value in headers if name.lower() not in _DROPPED]
        if b"content-length" in found:
            kept.append((b"content-length", str(int(found[b"content-length"]) + len(self._element)).encode()))
        start["headers"] = [*kept, (b"cache-control", b"no-store")]
        return True

    async def _answer(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        name = self._path(scope).removeprefix(PREFIX)
        if name == "events":
            await self._stream(may_read_errors(_header(scope, b"host")), receive, send)
            return
        body, status, kind = (SCRIPT, 200, b"text/javascript; charset=utf-8") if name == "refresh.js" else (b"", 404, b"text/plain")
        headers = [(b"content-type", kind), (b"cache-control", b"no-cache"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, trusted: bool, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        first = b"retry: 100\n" + hello(self._origin, self._error_for(trusted))
        await send({"type": "http.response.body", "body": first, "more_body": True})
        listener: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners[listener] = trusted
        gone = asyncio.create_task(_gone(receive, listener))
        try:
            while data := await listener.get():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._listeners.pop(listener, None)


def _asks_for_page(scope: HTTPScope) -> bool:
    """Check that a browser loads a page: a script that requests a part of one, or data, accepts anything."""
    return scope["method"] == "GET" and b"text/html" in (_header(scope, b"accept") or b"")


def _header(scope: HTTPScope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            return value
    return None


async def _gone(receive: ASGIReceiveCallable, listener: asyncio.Queue[bytes]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.put_nowait(b"")
