"""Name every request: in the response, in the access log, and in each log line that the request causes."""

import itertools
import os
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

#: The status of a request that ended without a response: the client left, or the application failed.
NO_RESPONSE = 499
_HEADER = b"x-request-id"
#: A client's own ID is used when it cannot harm a log: short, without spaces or quotes.
_HARMLESS = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class RequestIdMiddleware:
    """Give the request an ID (``scope["request_id"]``) and send it, with the release that responds, in every response.

    The status that was sent is in ``scope["status"]`` afterwards: metrics and access log need it, and each wrapper of ``send`` costs a
    cached response one part in fifty.
    """

    def __init__(self, app: ASGIApp, *, release: str) -> None:
        self._app = app
        self._release = (b"x-release", release.encode("ascii"))
        self._numbers = itertools.count(1)
        self._prefix = os.urandom(4).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its ID."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._from_client(scope) or f"{self._prefix}-{next(self._numbers):x}"
        scope["request_id"] = request_id

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), self._release, (_HEADER, request_id.encode("ascii"))]
            await send(message)

        await self._app(scope, receive, send_named)

    def _from_client(self, scope: Scope) -> str | None:
        for name, value in scope["headers"]:
            if name == _HEADER and _HARMLESS.match(value):
                return str(value, "ascii")
        return None


class LogContextMiddleware:
    """Bind the request's ID to every line that is logged while the request is handled.

    It is a class of its own because binding costs more than a cached response may: it is needed only where code of ours runs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its ID bound."""
        if scope["type"] == "http":
            clear_contextvars()
            bind_contextvars(request_id=scope["request_id"])
        await self._app(scope, receive, send)
