"""Error pages for browsers and for pages that do not exist; elsewhere programs get problem+json from app/errors/handlers.py."""

import html
import ipaddress
import traceback
from http import HTTPStatus

import structlog
from fastapi.exceptions import RequestValidationError
from jinja2 import TemplateError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import NotFound
from app.errors.handlers import ProblemResponse
from app.http.accept import media_types
from app.http.state import state_of
from app.web.rendering import render

log = structlog.get_logger(__name__)

#: Below these paths every response is for programs, whatever the Accept header says.
MACHINE_PATHS = ("/api/", "/health", "/metrics", "/static/")
#: What people read in place of a status's official phrase.
TITLES = {
    404: "Page not found",
    405: "Method not allowed",
    413: "Request too large",
    422: "Invalid request",
    500: "Something went wrong",
    503: "Temporarily unavailable",
}
#: What is said when the path of a page leads nowhere, by the parameter in it: a title, and sentences about a value that cannot exist and
#: about one that does not.
NOT_FOUND = {
    "season": ("Draft class not found", "The data contain no draft class for {}. Use a year such as 2020.", "{error}"),
    "person_id": (
        "Player not found",
        "“{}” is not a player ID. Search by name instead.",
        "The data contain no player with the ID {}. Search by name instead.",
    ),
    "trade_id": ("Trade not found", "“{}” is not the number of a trade.", "The data contain no trade with the number {}."),
    "conflict_id": (
        "Conflict not found",
        "“{}” is not the number of a conflict.",
        "{error} It may have ended when the two became one person.",
    ),
    "franchise": ("Franchise not found", "Unknown franchise “{}”.", "{error}"),
    "college": ("College not found", "Unknown college “{}”.", "{error}"),
}


def error_page(request: Request, problem: ProblemResponse) -> Response | None:
    """Return the page for this error; None when the client is not a browser, or the URL is the API's.

    A page's own URL that leads nowhere gets an error page whatever ``Accept`` says.
    """
    name, text = next(iter(request.path_params.items()), ("", ""))
    if name in NOT_FOUND and not request.url.path.startswith(MACHINE_PATHS):
        title, invalid, missing = NOT_FOUND[name]
        if isinstance(problem.error, RequestValidationError | NotFound):
            sentence = missing if isinstance(problem.error, NotFound) else invalid
            return render_error(request, 404, title, sentence.format(text[:40], error=problem.detail))
    if not prefers_html(request):
        return None
    page = render_error(request, problem.status_code, HTTPStatus(problem.status_code).phrase, problem.detail, problem.cause)
    page.headers.update(problem.extra_headers)
    return page


def prefers_html(request: Request) -> bool:
    """Check that an error should be a page: a browser prefers text/html, and the URL does not belong to the API."""
    if request.url.path.startswith(MACHINE_PATHS):
        return False
    ranked = sorted(media_types(request.headers.get("accept", "")), key=lambda pair: -pair[1])
    return bool(ranked) and ranked[0][0] in ("text/html", "application/xhtml+xml")


def render_error(request: Request, status: int, title: str, detail: str, cause: Exception | None = None) -> Response:
    """Render a page that says what happened and where to go from here. Needs no database; ``title`` and ``detail`` are plain text.

    A title that is only the status's official phrase is put in our own words. A 503 looks again by itself. In development the
    traceback of ``cause`` is on the page.
    """
    words = TITLES.get(status, title) if title == HTTPStatus(status).phrase else title
    trace = "".join(traceback.format_exception(cause)) if cause is not None and _is_at_work(request) else None
    try:
        return render(request, "pages/error.html", {"status": status, "title": words, "detail": detail, "trace": trace}, status=status)
    except TemplateError:  # an edit has broken what every page is made of
        log.exception("the error page cannot be made")
        return HTMLResponse(_without_template(words, detail, trace), status_code=status)


def _is_at_work(request: Request) -> bool:
    """Check that the page was opened on the developer's machine: under a numeric address or ``localhost``.

    The owner of any other domain name could make it resolve to this machine, and the pages of that site could then read the response.
    """
    host = request.url.hostname or ""
    if state_of(request)["settings"].environment != "development":
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return True


def _without_template(title: str, detail: str, trace: str | None) -> str:
    more = f"<pre>{html.escape(trace)}</pre>" if trace else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f"<body><h1>{html.escape(title)}</h1><p>{html.escape(detail)}</p>{more}</body></html>"
    )
