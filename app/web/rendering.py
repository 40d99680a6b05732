"""Renders templates to HTTP responses; the only module that uses Jinja."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app.web import formatting
from app.web.assets import assets

if TYPE_CHECKING:
    from starlette.requests import Request

TEMPLATES_DIR = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Return the template environment of this process: HTML is escaped everywhere, and a misspelt variable is an error."""
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


def render(request: Request, template: str, values: dict[str, object], *, status: int = 200, etag: str | None = None) -> HTMLResponse:
    """Respond with a page. ``etag`` (without quotes) lets a browser revalidate cheaply; without it the page is never reused unchecked."""
    html = environment().get_template(template).render(request_path=request.url.path, **values)
    headers = {"Cache-Control": "no-cache" if etag else "no-store"}
    if etag:
        headers["ETag"] = f'W/"{etag}"'
    return HTMLResponse(html, status_code=status, headers=headers)
