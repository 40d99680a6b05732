"""Routes of the pages. Each handler reads its parameters, asks the service and renders one template."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.athletics.schemas import VisitParameters
from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context, CurrentSettings
from app.http.rate_limits import RateLimit
from app.web import outcome_routes, service
from app.web.assets import assets
from app.web.cards import SUFFIX, is_card
from app.web.classes.page import MAX_TEXT, PARAMETERS, BadFilter, parse_filter
from app.web.compare.routes import router as measures
from app.web.dependencies import KnownParameters, Renderer
from app.web.errors import render_error
from app.web.identity.routes import router as identity
from app.web.parameters import read_given, season_of, whole_number
from app.web.rendering import render
from app.web.trades.routes import router as trades

if TYPE_CHECKING:
    from app.web.elements import StartPage

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
router.include_router(identity)
router.include_router(trades)
router.include_router(measures)
router.include_router(outcome_routes.router)

#: Seconds after which the start page refreshes: while there are no data, while the next attempt to load some is further away than this (or
#: overdue by more), and while a load is running and the previous data are served.
REFRESH_WITHOUT_DATA = 2
REFRESH_WHILE_WAITING = 30
REFRESH_WHILE_LOADING = 4
_SEARCH_LIMIT = Depends(RateLimit("searches"))
_CLASS_PARAMETERS = Depends(KnownParameters(*PARAMETERS))
MOST_PAGES = 10_000


@router.get("/", dependencies=[Depends(KnownParameters())])
async def start(request: Request, context: Context, settings: CurrentSettings) -> Response:
    """Show the start page: search, state of the data, and the latest class."""
    page = await service.start_page(context)
    # visitors of a deployment cannot run commands; its operators find theirs in docs/operations.md
    commands = settings.environment != "production"
    return render(request, "pages/start.html", {"page": page, "refresh": _refresh_seconds(page), "commands": commands})


def _refresh_seconds(page: StartPage) -> int | None:
    if page.status.kind in ("loading", "empty"):
        at = page.status.next_attempt_at
        waiting = at is not None and abs(at - datetime.now(UTC)).total_seconds() > REFRESH_WHILE_WAITING
        return REFRESH_WHILE_WAITING if waiting else REFRESH_WITHOUT_DATA
    return REFRESH_WHILE_LOADING if page.status.busy else None


@router.get("/classes", dependencies=[Depends(KnownParameters("season"))])
async def classes(request: Request, context: Context) -> Response:
    """Show the class of ``?season=``, else the latest one: the form that jumps to a class ends here."""
    wanted = request.query_params.get("season", "").strip()
    if wanted:
        if season_of(wanted) is None:
            return render_error(request, 422, "Invalid season", f"“{wanted[:40]}” is not a season. Enter a year such as 2020.")
        return RedirectResponse(f"/classes/{wanted}", status_code=303)
    seasons = await service.class_seasons(context)
    if not seasons:
        return render_error(
            request, 404, "No draft classes yet", "No draft class has been loaded. The start page shows the progress of the load."
        )
    return RedirectResponse(f"/classes/{seasons[0]}", status_code=303)


@router.get("/classes/{season}", dependencies=[_CLASS_PARAMETERS])
@router.get("/classes/{season}/card.svg", dependencies=[_CLASS_PARAMETERS])
async def draft_class(request: Request, context: Context, renderer: Renderer, season: str) -> Response:
    """Show one class. A URL with empty parameters, as a form sends it, redirects to the one without them."""
    year = season_of(season)
    if year is None:
        return render_error(request, 404, "Draft class not found", f"“{season[:40]}” is not a draft year. Use a year such as 2020.")
    try:
        wanted = parse_filter(year, request.query_params)
    except BadFilter as error:
        return render_error(request, 422, "Invalid filter", str(error))
    if any(value == "" for value in request.query_params.values()) and not is_card(request):
        return RedirectResponse(wanted.url(), status_code=303)
    page = await service.draft_class(context, wanted)
    if page is None:
        return render_error(request, 404, "Draft class not found", f"The data contain no draft class for {season}.")
    return renderer.render("pages/class.html", {"page": page})


@router.get("/people/{person_id}")
@router.get("/people/{person_id}/card.svg")
async def player(request: Request, context: Context, renderer: Renderer, person_id: str) -> Response:
    """Show a player card; ``visit``, ``earlier_only``, ``season_min`` and ``season_max`` choose what is compared with what."""
    number = whole_number(person_id)
    if number is None:
        return render_error(request, 404, "Player not found", f"“{person_id[:40]}” is not a player ID. Search by name instead.")
    given = read_given(request, VisitParameters)
    if given.parameters is None:
        return render_error(request, 422, "Invalid parameter", given.problem or "")
    try:
        page = await service.player(context, number, given.parameters)
    except NotFound:
        return render_error(request, 404, "Player not found", f"The data contain no player with the ID {number}. Search by name instead.")
    except InvalidParameter as error:
        return render_error(request, 422, "Invalid parameter", error.message)
    if page.person_id != number:  # a former id
        # not permanent: the decision behind it can be revoked
        url = request.url.replace(path=f"/people/{page.person_id}{SUFFIX if is_card(request) else ''}", scheme="", netloc="")
        return RedirectResponse(url, status_code=307, headers={"Cache-Control": "no-cache"})
    return renderer.render("pages/player.html", {"page": page})


@router.get("/search", dependencies=[_SEARCH_LIMIT, Depends(KnownParameters("q", "page"))])
async def search(request: Request, context: Context, renderer: Renderer) -> Response:
    """Search results, 25 to a page."""
    query = _search_text(request)
    page = whole_number(request.query_params.get("page", "") or "1")
    if page is None or page > MOST_PAGES:
        return render_error(request, 422, "Invalid page number", f"Enter a page number from 1 to {MOST_PAGES:,}.")
    return renderer.render("pages/search.html", {"page": await service.search(context, query, page)})


@router.get("/search/suggestions", dependencies=[_SEARCH_LIMIT, Depends(KnownParameters("q"))])
async def suggestions(request: Request, context: Context) -> Response:
    """List the options below the search box for the text typed so far."""
    query = _search_text(request)
    found = await service.search(context, query, size=service.SUGGESTIONS)
    values: dict[str, object] = {"query": query, "hits": found.hits, "total": found.total, "all_url": service.search_url(query)}
    return render(request, "partials/suggestions.html", values)


def _search_text(request: Request) -> str:
    """Return the typed text, cut to the length that the box allows; a name cannot contain a NUL."""
    return request.query_params.get("q", "").replace("\0", "").strip()[:MAX_TEXT]


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    """Serve the icon for browsers that request it without reading the page first."""
    return await assets.get_response("img/favicon.svg", request.scope)
