"""The route of people side by side."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import RedirectResponse, Response

from app.athletics import service as athletics
from app.athletics.schemas import CompareParameters, VisitParameters
from app.context import ServiceContext
from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context
from app.http.rate_limits import RateLimit
from app.web.careers import entries_of
from app.web.compare.page import ComparePage, ComparePageParameters, added_url, compare_page
from app.web.dependencies import PageQuery, Renderer, page_router
from app.web.parameters import Given
from app.web.search.queries import find_players

router = page_router()
CompareQuery = Annotated[Given[ComparePageParameters], Depends(PageQuery(ComparePageParameters))]
#: People with a name who are offered at once.
_MOST_FOUND = 12
_ADD_LIMIT = Depends(RateLimit("searches", lambda request: "add" in request.query_params))


@router.get("/compare", dependencies=[_ADD_LIMIT])
@router.get("/compare/card.svg", dependencies=[_ADD_LIMIT])
async def compare(given: CompareQuery, context: Context, renderer: Renderer) -> Response:
    """Show two to six people side by side; ``add`` searches for one more by name."""
    try:
        page = compare_page(given) if given.problem else await _compared(context, given)
    except (InvalidParameter, NotFound) as error:
        return renderer.render("pages/compare.html", status=error.status, page=compare_page(given.with_problem(error)))
    if isinstance(page, str):
        return RedirectResponse(page, status_code=303)
    return renderer.render("pages/compare.html", page=page)


async def _compared(context: ServiceContext, given: Given[ComparePageParameters]) -> ComparePage | str:
    """Return the page, or the URL with the one person who has the name that was entered.

    Raises:
        NotFound: an id does not exist.
        InvalidParameter: the ids are one person's.
    """
    ids, pool = given.parameters.ids, given.parameters.model_dump(exclude={"ids", "add"}, exclude_none=True)
    hits, total = await find_players(context, given.parameters.add, _MOST_FOUND) if given.parameters.add else ((), 0)
    if total == 1 and hits[0].person_id not in ids:
        return added_url(given, hits[0].person_id)
    names, comparison, entries = [], None, {}
    if len(ids) == 1:
        names = [(await athletics.percentiles(context, ids[0], VisitParameters())).name]
    elif ids:
        comparison = await athletics.compare(context, CompareParameters(ids=ids, **pool))
        entries = await entries_of(context, comparison.people)
    return compare_page(given, names, comparison, entries, hits)
