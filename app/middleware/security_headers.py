"""The headers that tell browsers what a response may do: the one policy for pages, data and static files.

The proxy sends the same values with what it responds itself (``docker/proxy/draft-queen/headers.conf``); a test compares them.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.cache.responses import Headers, header

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
REFERRER_POLICY: Final = (b"referrer-policy", b"same-origin")
OPENER_POLICY: Final = (b"cross-origin-opener-policy", b"same-origin")
#: Nothing but our own origin, no inline script or style, and no site may frame a page. ``data:`` is the documentation's empty icon.
CONTENT_SECURITY_POLICY: Final = (
    b"content-security-policy",
    b"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
)
#: An SVG image is a document when it is opened by itself: it may use the style that it contains, and nothing else.
IMAGE_POLICY: Final = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
#: Pages of other sites may show it.
EMBEDDABLE: Final = (b"cross-origin-resource-policy", b"cross-origin")
#: Data need only stay data; a page needs all of it.
DATA_HEADERS: Final = (NOSNIFF,)
PAGE_HEADERS: Final = (NOSNIFF, REFERRER_POLICY, OPENER_POLICY, CONTENT_SECURITY_POLICY)
IMAGE_HEADERS: Final = (NOSNIFF, IMAGE_POLICY, EMBEDDABLE)


class SecurityHeadersMiddleware:
    """Add the policy to every response, by its content type."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its response gets the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = secured(list(message.get("headers", ())))
            await send(message)

        await self._app(scope, receive, send_secured)


def secured(headers: Headers) -> Headers:
    """Return the headers with those of the policy."""
    kind = header(headers, b"content-type") or b""
    if kind.startswith(b"image/svg+xml"):
        return [*headers, *IMAGE_HEADERS]
    return [*headers, *(PAGE_HEADERS if kind.startswith(b"text/html") else DATA_HEADERS)]
