"""Pages in browsers load themselves again after a reload, and show why when the new code does not start.

An ASGI layer around the application. Every HTML page that a browser loads gets one script element; the script listens to an event
stream that this layer answers. The stream of a worker ends with it, the browser connects to the next one, and learns from its
generation that the page is old.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/__devloop__/"
SCRIPT = (Path(__file__).parent / "refresh.js").read_bytes()
#: Answers without a body, or with a part of one.
_NO_PAGES = frozenset({204, 205, 206, 304})
#: A page is made for one moment of the code: kept by a browser, it would ask to be loaded again for ever.
_DROPPED = frozenset({b"etag", b"last-modified", b"cache-control", b"content-length"})


def script_element(generation: int) -> bytes:
    """What is added to a page of this generation."""
    return f'<script src="{PREFIX}refresh.js?generation={generation}" defer></script>\n'.encode()


def event(kind: str, **fields: object) -> bytes:
    """One event of the stream."""
    return f"event: {kind}\ndata: {json.dumps(fields)}\n\n".encode()


class PageRefresh:
    """The layer of one worker."""

    def __init__(self, app: ASGIApp, generation: int) -> None:
        self._app = app
        self._generation = generation
        self._element = script_element(generation)
        self._error = ""
        self._listeners: set[asyncio.Queue[bytes]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is ours, and add the script to pages."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(PREFIX):
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, self._adding(send) if _asks_for_page(scope) else send)

    def stale(self, error: str) -> None:
        """Newer code did not start (or the empty text: all is well again)."""
        self._error = error
        self._tell(event("stale", error=error))

    def refresh(self) -> None:
        """Something that pages are made of has changed, but no code."""
        self._tell(event("refresh"))

    def leave(self) -> None:
        """End the streams, so that browsers connect to the successor."""
        self._tell(b"")

    def _tell(self, data: bytes) -> None:
        for listener in self._listeners:
            listener.put_nowait(data)

    def _adding(self, send: Send) -> Send:
        page = False

        async def add(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                page = self._is_page(message)
            elif page and message["type"] == "http.response.body" and not message.get("more_body", False):
                message = {**message, "body": message.get("body", b"") + self._element}
            await send(message)

        return add

    def _is_page(self, start: MutableMapping[str, object]) -> bool:
        """Whether the answer is a whole HTML page that is not compressed; then its headers are changed to fit what is added."""
        headers: list[tuple[bytes, bytes]] = list(start.get("headers", []))  # type: ignore[call-overload]
        found = {name.lower(): value for name, value in headers}
        if start["status"] in _NO_PAGES or not found.get(b"content-type", b"").startswith(b"text/html") or b"content-encoding" in found:
            return False
        kept = [(name, value) for name, value in headers if name.lower() not in _DROPPED]
        if b"content-length" in found:
            kept.append((b"content-length", str(int(found[b"content-length"]) + len(self._element)).encode()))
        start["headers"] = [*kept, (b"cache-control", b"no-store")]
        return True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PREFIX)
        if name == "events":
            await self._stream(receive, send)
            return
        body, status, kind = (SCRIPT, 200, b"text/javascript; charset=utf-8") if name == "refresh.js" else (b"", 404, b"text/plain")
        headers = [(b"content-type", kind), (b"cache-control", b"no-cache"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        hello = b"retry: 100\n" + event("hello", generation=self._generation, error=self._error)
        await send({"type": "http.response.body", "body": hello, "more_body": True})
        listener: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners.add(listener)
        gone = asyncio.create_task(_gone(receive, listener))
        try:
            while data := await listener.get():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._listeners.discard(listener)


def _asks_for_page(scope: Scope) -> bool:
    """Whether a browser loads a page: a script that asks for a part of one, or for data, accepts anything."""
    if scope["method"] == "GET":
        for name, value in scope["headers"]:
            if name == b"accept":
                return b"text/html" in value
    return False


async def _gone(receive: Receive, listener: asyncio.Queue[bytes]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.put_nowait(b"")
