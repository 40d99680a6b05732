"""Routes of the search for players: the results, and the options below the search box."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator
from starlette.responses import Response

from app.http.dependencies import Context
from app.http.rate_limits import RateLimit
from app.parameters import Parameters
from app.people.misspelt import near_names
from app.web.dependencies import PageQuery, Renderer, page_router
from app.web.elements import pages_of
from app.web.parameters import Given, PageParameters
from app.web.rendering import render
from app.web.search.queries import find_players

router = page_router()
_LIMIT = Depends(RateLimit("searches"))
#: Players on one page, and options below the search box.
PAGE_SIZE, SUGGESTIONS = 25, 7
#: Characters that the search box takes; what is typed beyond is ignored.
LONGEST_QUERY = 100


class SuggestionParameters(Parameters):
    """The text that was typed; a name cannot contain a NUL."""

    q: Annotated[str, AfterValidator(lambda text: text.replace("\0", "").strip()[:LONGEST_QUERY])] = ""


class SearchParameters(SuggestionParameters, PageParameters):
    """The text that was typed, and the page."""


SearchQuery = Annotated[Given[SearchParameters], Depends(PageQuery(SearchParameters, error_title="Invalid request"))]
SuggestionQuery = Annotated[
    Given[SuggestionParameters], Depends(PageQuery(SuggestionParameters, error_title="Invalid request", redirects=False))
]


@router.get("/search", dependencies=[_LIMIT])
async def search(given: SearchQuery, context: Context, renderer: Renderer) -> Response:
    """Search results, 25 to a page."""
    query, page = given.parameters.q, given.parameters.page
    hits, total = await find_players(context, query, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    near = () if hits else await near_names(context, query)
    place = pages_of(given.page_url, page, total, PAGE_SIZE)
    return renderer.render("pages/search.html", query=query, hits=hits, total=total, place=place, near=near)


@router.get("/search/suggestions", dependencies=[_LIMIT])
async def suggestions(request: Request, given: SuggestionQuery, context: Context) -> Response:
    """List the options below the search box for the text typed so far."""
    query = given.parameters.q
    hits, total = await find_players(context, query, SUGGESTIONS)
    return render(request, "partials/suggestions.html", {"query": query, "hits": hits, "total": total})
