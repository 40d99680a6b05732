"""Routes of the pages about measurements: people side by side, and the scatter plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.athletics import service as athletics
from app.athletics.schemas import CompareParameters, VisitParameters
from app.datasets.prospects import PROSPECTS
from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context
from app.http.rate_limits import RateLimit
from app.listing.query import query_list
from app.prospects.queries import LISTING
from app.web import service
from app.web.compare.page import ComparePageParameters, added_url, compare_page
from app.web.dependencies import PageQuery, Renderer
from app.web.parameters import Given
from app.web.scatter.page import Axes, ScatterParameters, list_parameters, scatter_page

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.web.compare.page import ComparePage

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
CompareQuery = Annotated[Given[ComparePageParameters], Depends(PageQuery(ComparePageParameters))]
ScatterQuery = Annotated[Given[Axes], Depends(PageQuery(ScatterParameters))]
#: People with a name who are offered at once.
_MOST_FOUND = 12
_ADD_LIMIT = Depends(RateLimit("searches", lambda request: "add" in request.query_params))


@router.get("/compare", dependencies=[_ADD_LIMIT])
@router.get("/compare/card.svg", dependencies=[_ADD_LIMIT])
async def compare(given: CompareQuery, context: Context, renderer: Renderer) -> Response:
    """Show two to six people side by side; ``add`` searches for one more by name."""
    try:
        page = await _compared(context, given)
    except (InvalidParameter, NotFound) as error:
        status = 404 if isinstance(error, NotFound) else 422
        return renderer.render("pages/compare.html", {"page": compare_page(given, [], None, [], error.message)}, status=status)
    if isinstance(page, str):
        return RedirectResponse(page, status_code=303)
    return renderer.render("pages/compare.html", {"page": page}, status=422 if page.problem else 200)


async def _compared(context: ServiceContext, given: Given[ComparePageParameters]) -> ComparePage | str:
    """Return the page, or the URL with the one person who has the name that was entered.

    Raises:
        NotFound: an id does not exist.
        InvalidParameter: the ids are one person's.
    """
    if given.parameters is None:
        return compare_page(given, [], None, [], None)
    ids, pool = given.parameters.ids, given.parameters.model_dump(exclude={"ids", "add"}, exclude_none=True)
    found = await service.search(context, given.parameters.add, size=_MOST_FOUND) if given.parameters.add else None
    if found is not None and found.total == 1 and found.hits[0].person_id not in ids:
        return added_url(given, found.hits[0].person_id)
    names, comparison = [], None
    if len(ids) == 1:
        names = [(await athletics.percentiles(context, ids[0], VisitParameters())).name]
    elif ids:
        comparison = await athletics.compare(context, CompareParameters(ids=ids, **pool))
    return compare_page(given, names, comparison, found.hits if found else [], None)


@router.get("/scatter")
@router.get("/scatter/card.svg")
async def scatter(given: ScatterQuery, context: Context, renderer: Renderer) -> Response:
    """Plot two measures of prospects, with every filter of their list."""
    found, problem = None, None
    try:
        if given.parameters is not None:
            query = await query_list(context, PROSPECTS, LISTING, list_parameters(given))
            found = await query.page()
    except InvalidParameter as error:
        problem = error.message
    page = scatter_page(given, found, await context.references(renderer.version), problem)
    return renderer.render("pages/scatter.html", {"page": page}, status=200 if found else 422)
