"""Conditional requests: whether a client already holds what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cache.responses import matches
from app.http.state import state_of

if TYPE_CHECKING:
    from starlette.requests import Request


def client_holds(request: Request, etag: str, *, exists: bool = False) -> bool:
    """Whether a 304 is enough, because ``If-None-Match`` has this tag, or ``*`` for something that is known to exist.

    Never in development: there every request runs its handler to the end.
    """
    held = ",".join(request.headers.getlist("if-none-match"))  # a list may be spread over several lines
    if not held or not state_of(request)["settings"].reuses_responses:
        return False
    return (exists and held.strip() == "*") or matches(held.encode("latin-1"), etag.encode("latin-1"))
