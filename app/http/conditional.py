"""Conditional requests: whether the client already has the current response."""

from starlette.requests import Request
from starlette.responses import Response

from app.http.state import state_of


def not_modified(request: Request, etag: str, *, exists: bool = False) -> Response | None:
    """Return a 304 when ``If-None-Match`` has this tag, or ``*`` for something that is known to exist; else None.

    Never in development: there every request runs its handler to the end.
    """
    held = ",".join(request.headers.getlist("if-none-match"))  # a list may be spread over several lines
    if not held or not state_of(request)["settings"].reuses_responses:
        return None
    if (exists and held.strip() == "*") or matches(held.encode("latin-1"), etag.encode("latin-1")):
        return Response(status_code=304, headers={"etag": etag, "cache-control": "no-cache"})
    return None


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Compare a tag weakly (RFC 9110, 13.1.2) with a list of tags."""
    opaque = etag.removeprefix(b"W/")
    return any(candidate.strip().removeprefix(b"W/") == opaque for candidate in if_none_match.split(b","))
