"""Redirect within this site, under whatever name the client reached it."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TEMPORARY_REDIRECT: Final = 307


class RelativeRedirectsMiddleware:
    """Take scheme and host out of the router's redirects.

    The router redirects a URL with one slash too many to the one without it, under the scheme and host that it sees. Behind a proxy those
    are not the client's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a redirect gets a relative ``Location``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == TEMPORARY_REDIRECT:
                message["headers"] = [(name, _relative(value) if name == b"location" else value) for name, value in message["headers"]]
            await send(message)

        await self._app(scope, receive, send_relative)


def _relative(location: bytes) -> bytes:
    parts = urlsplit(location)
    return location if parts.path.startswith(b"//") else urlunsplit((b"", b"", parts.path, parts.query, b""))
