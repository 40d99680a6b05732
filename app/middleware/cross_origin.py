"""Cross-origin requests (CORS): pages of other sites that may read the API."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.middleware.security_headers import DATA_HEADERS

#: What a page may send besides the headers that need no permission.
REQUEST_HEADERS = ("Cache-Control", "Content-Type", "If-None-Match", "If-Range", "Range", "X-Request-ID")
#: What a page may read besides the headers that need no permission.
RESPONSE_HEADERS = ("Cache-Status", "Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Release", "X-Request-ID")


class CrossOriginMiddleware(CORSMiddleware):
    """Starlette's, whose responses to preflights have the headers of other data: it is outside of the middleware that adds them."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the response to a preflight."""
        response = super().preflight_response(request_headers)
        response.raw_headers.extend(DATA_HEADERS)
        return response


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware for these origins; none without an origin.

    Its place is around the response cache: what is cached belongs to no origin, and each response gets the header of the origin that sent
    the request. The access log is around it, because a refused preflight is the first thing to look for when a front end cannot read the
    API.
    """
    if not origins:
        return []
    return [
        Middleware(
            CrossOriginMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
        )
    ]
