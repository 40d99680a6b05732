"""Cross-origin requests (CORS): pages of other sites that may read the API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.http.edge import Edge

#: What a page may send besides the headers that need no permission.
REQUEST_HEADERS = ("Cache-Control", "If-None-Match", "If-Range", "Range", "X-Request-ID")
#: What a page may read besides the headers that need no permission.
RESPONSE_HEADERS = ("Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Release", "X-Request-ID")


def allow_origins(origins: Sequence[str], edge: Edge, framework: ASGIApp) -> ASGIApp:
    """Put the edge around the framework, and Starlette's middleware where each kind of request needs it.

    It is around the edge, because cached responses leave there: what is cached belongs to no origin, and each response gets the header
    of the origin that sent the request. Preflights (OPTIONS) are answered inside, so that they have a request id and are in the access
    log: a refused one is the first thing to look for when a front end cannot read the API.
    """
    middleware = partial(
        CORSMiddleware, allow_origins=origins, allow_methods=["GET", "HEAD"], allow_headers=REQUEST_HEADERS, expose_headers=RESPONSE_HEADERS
    )
    edge.wrap(_Fork(options=middleware(framework), other=framework))
    return _Fork(options=edge, other=middleware(edge))


class _Fork:
    """Passes OPTIONS requests to one application, and everything else to another."""

    def __init__(self, *, options: ASGIApp, other: ASGIApp) -> None:
        self._options = options
        self._other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._options if scope.get("method") == "OPTIONS" else self._other
        await app(scope, receive, send)
