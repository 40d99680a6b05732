"""The route of the scatter plot."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.datasets.prospects import PROSPECTS
from app.errors import InvalidParameter
from app.http.dependencies import Context
from app.listing.query import query_list
from app.prospects.queries import LISTING
from app.web.dependencies import PageQuery, Renderer, page_router
from app.web.parameters import Given
from app.web.scatter.page import Axes, ScatterParameters, list_parameters, scatter_page

router = page_router()
ScatterQuery = Annotated[Given[Axes], Depends(PageQuery(ScatterParameters))]


@router.get("/scatter")
@router.get("/scatter/card.svg")
async def scatter(given: ScatterQuery, context: Context, renderer: Renderer) -> Response:
    """Plot two measures of prospects, with every filter of their list."""
    found = None
    try:
        if not given.problem:
            found = await (await query_list(context, PROSPECTS, LISTING, list_parameters(given))).page()
    except InvalidParameter as error:
        given = given.with_problem(error)
    page = scatter_page(given, found, await context.references(renderer.version))
    return renderer.render("pages/scatter.html", page=page)
