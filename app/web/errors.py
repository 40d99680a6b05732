"""Error pages for people; programs get problem+json from app/errors.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.rendering import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

#: Below these paths every answer is for programs, whatever the Accept header says.
MACHINE_PATHS = ("/api/", "/health", "/metrics", "/static/")


def prefers_html(request: Request) -> bool:
    """Whether an error should be a page: a browser names text/html before any other type, and the address is not the API's."""
    if request.url.path.startswith(MACHINE_PATHS):
        return False
    ranked = sorted(_accepted(request.headers.get("accept", "")), key=lambda pair: -pair[1])
    return bool(ranked) and ranked[0][0] in ("text/html", "application/xhtml+xml")


def render_error(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """A page that says what happened and where to go from here. Needs no database; ``title`` and ``detail`` are plain text."""
    return render(request, "pages/error.html", {"status": status, "title": title, "detail": detail}, status=status)


def _accepted(header: str) -> list[tuple[str, float]]:
    """Media types of an Accept header with their quality, in the order written; a broken quality counts as 0."""
    pairs: list[tuple[str, float]] = []
    for part in header.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if media_type:
            pairs.append((media_type, quality))
    return pairs
