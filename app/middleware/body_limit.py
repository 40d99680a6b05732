"""Refuse large request bodies; the proxy has the same limit and says the same."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.body_size import BODY_TOO_LARGE, MOST_BODY_BYTES

_READING: Final = frozenset({"GET", "HEAD"})


class BodyLimitMiddleware:
    """Refuse a body by its ``Content-Length``, or, without one, as soon as an endpoint has read too much of it.

    The chunks of a GET or HEAD are not counted: no endpoint uses them, only a stream or a file takes them off the connection, while it
    waits for the client to leave, and an error there would break off its response. Starlette's own limit responds in plain text when
    the application does not read the body.
    """

    def __init__(self, app: ASGIApp, *, refuse: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a body that cannot be too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        too_large = HTTPException(HTTP_413_CONTENT_TOO_LARGE, BODY_TOO_LARGE)
        if any(int(value) > MOST_BODY_BYTES for name, value in scope["headers"] if name == b"content-length"):
            response = await self._refuse(Request(scope), too_large)
            await response(scope, receive, send)
            return
        if scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        read = 0

        async def receive_counting() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BODY_BYTES:
                raise too_large
            return message

        await self._app(scope, receive_counting, send)
