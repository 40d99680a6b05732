"""Renders templates to HTTP responses; the only module that uses Jinja."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.http.state import state_of
from app.value.formulas import LAST_PICK
from app.web import cards, formatting, wording
from app.web.assets import assets
from app.web.parameters import without_trackers

TEMPLATES_DIR = Path(__file__).parent / "templates"
#: The pages that have a card image.
CARDS = frozenset(path.stem for path in (TEMPLATES_DIR / "cards").glob("*.svg"))


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
    env.globals.update(asset=assets.url, drill_texts=wording.DRILL_TEXTS, last_pick=LAST_PICK)
    env.filters.update(formatting.FILTERS)
    env.filters.update(fit=cards.fit, position_name=wording.position_name)
    return env


def render(request: Request, template: str, values: dict[str, object], *, status: int = 200, etag: str | None = None) -> Response:
    """Respond with a page or, below ``/card.svg``, with its card image.

    ``etag`` (without quotes) lets a browser revalidate cheaply; without it the page is never reused unchecked.
    """
    headers = {"Cache-Control": "no-cache" if etag else "no-store"}
    if etag:
        headers["ETag"] = f'W/"{etag}"'
    name = Path(template).stem
    has_card = status == HTTPStatus.OK and template.startswith("pages/") and name in CARDS
    if has_card and cards.is_card(request):
        return _card(request, name, values, headers)
    url = without_trackers(request.url)
    urls = {"page_url": url, "card_url": url.replace(path=url.path + cards.SUFFIX) if has_card else None}
    html = environment().get_template(template).render(request_path=request.url.path, **urls, **values)
    return HTMLResponse(html, status_code=status, headers=headers)


def _card(request: Request, name: str, values: dict[str, object], headers: dict[str, str]) -> Response:
    version = state_of(request)["context"].dataset.known
    look = cards.colours(cards.theme_of(request))
    svg = environment().get_template(f"cards/{name}.svg").render(c=look, version=version, **values)
    return Response(cards.without_controls(svg), media_type="image/svg+xml", headers=headers)
