"""Routes of the pages of a class, and of the form that jumps to one."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context
from app.parameters import Parameters
from app.web.classes.page import ClassParameters, class_page
from app.web.classes.queries import class_facets, class_picks, class_seasons
from app.web.classes.report import ReportParameters, report_page
from app.web.dependencies import PageQuery, Renderer, Season, page_router
from app.web.errors import render_error
from app.web.parameters import Given, Year

router = page_router()


class JumpParameters(Parameters):
    """The class to show instead of the latest."""

    season: Year | None = None


INVALID_FILTER = "Invalid filter"
JumpQuery = Annotated[Given[JumpParameters], Depends(PageQuery(JumpParameters, error_title="Invalid season"))]
ClassQuery = Annotated[Given[ClassParameters], Depends(PageQuery(ClassParameters, error_title=INVALID_FILTER))]
ReportQuery = Annotated[Given[ReportParameters], Depends(PageQuery(ReportParameters))]


@router.get("/classes")
async def classes(request: Request, given: JumpQuery, context: Context) -> Response:
    """Lead to the class of ``?season=``, else to the latest one: the form that jumps to a class ends here."""
    season = given.parameters.season or next(iter(await class_seasons(context)), None)
    if season is None:
        return render_error(
            request, 404, "No draft classes yet", "No draft class has been loaded. The start page shows the progress of the load."
        )
    return RedirectResponse(f"/classes/{season}", status_code=303)


@router.get("/classes/{season}")
@router.get("/classes/{season}/card.svg")
async def draft_class(request: Request, season: Season, given: ClassQuery, context: Context, renderer: Renderer) -> Response:
    """Show one class."""
    seasons = await _seasons_with(context, season)
    facets = await class_facets(context, season)
    try:
        found = await class_picks(context, season, given.parameters.list_parameters)
    except InvalidParameter as error:
        if error.parameter not in given.parameters.filters:
            raise
        return render_error(request, 422, INVALID_FILTER, error.message)
    return renderer.render("pages/class.html", page=class_page(season, given, facets, found, seasons))


@router.get("/classes/{season}/report")
@router.get("/classes/{season}/report/card.svg")
async def class_report(season: Season, given: ReportQuery, context: Context, renderer: Renderer) -> Response:
    """Show what a class was worth, selection by selection and by position group, and the trades of its draft days."""
    page = await report_page(context, season, given, await _seasons_with(context, season))
    return renderer.render("pages/report.html", page=page)


async def _seasons_with(context: Context, season: int) -> list[int]:
    """Return every season with a class.

    Raises:
        NotFound: this one has none.
    """
    seasons = await class_seasons(context)
    if season not in seasons:
        raise NotFound(f"The data contain no draft class for {season}.")
    return seasons
