"""From a template and its values to an HTTP answer; the one place that knows Jinja and the headers of a page."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from app.fingerprint import code_fingerprint
from app.web import formatting
from app.web.assets import assets

if TYPE_CHECKING:
    from starlette.requests import Request

TEMPLATES_DIR = Path(__file__).parent / "templates"

#: Nothing but our own origin, no inline script or style, nobody may frame us.
CONTENT_SECURITY_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@cache
def environment() -> Environment:
    """The template environment of this process: HTML is escaped everywhere, a misspelt variable is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["asset"] = assets.url
    env.filters.update(formatting.FILTERS)
    return env


@cache
def _sources() -> tuple[Path, ...]:
    web = TEMPLATES_DIR.parent
    return tuple(sorted([*TEMPLATES_DIR.rglob("*.html"), *web.glob("*.py"), *(path for path in web.glob("static/**/*") if path.is_file())]))


def revision() -> str:
    """A fingerprint of templates, static files and view code, part of every page's ETag: an edit or a deployment changes it."""
    times = ",".join(str(path.stat().st_mtime_ns) for path in _sources() if path.exists())
    return hashlib.sha256(times.encode()).hexdigest()[:10]


def render(request: Request, template: str, values: dict[str, object], *, status: int = 200, etag: str | None = None) -> HTMLResponse:
    """Answer with a page. ``etag`` (without quotes) lets a browser ask again cheaply; without it the page is never reused unasked."""
    html = environment().get_template(template).render(request_path=request.url.path, **values)
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache" if etag else "no-store"}
    if etag:
        headers["ETag"] = f'W/"{etag}"'
    return HTMLResponse(html, status_code=status, headers=headers)


def page_etag(data: str) -> str:
    """The ETag of a page that depends on the data (by their identity) and on nothing else that changes while the process runs."""
    return f"{data}-{revision()}-{code_fingerprint()}"


def unchanged(request: Request, etag: str) -> Response | None:
    """A 304 when the browser already holds this version of the page, else None."""
    held = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if f'W/"{etag}"' not in held:
        return None
    return Response(status_code=304, headers={**SECURITY_HEADERS, "Cache-Control": "no-cache", "ETag": f'W/"{etag}"'})
