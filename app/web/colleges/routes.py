"""Routes of the table of colleges, and of one."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from app.http.dependencies import Context
from app.web.colleges.page import CollegesParameters, college_page, colleges_page
from app.web.dependencies import Name, PageQuery, Renderer, page_router
from app.web.parameters import Given
from app.web.track_record import RecordParameters, record_response, to_one

router = page_router()
CollegesQuery = Annotated[Given[CollegesParameters], Depends(PageQuery(CollegesParameters))]
CollegeQuery = Annotated[Given[RecordParameters], Depends(PageQuery(RecordParameters))]


@router.get("/colleges")
@router.get("/colleges/card.svg")
async def colleges(request: Request, given: CollegesQuery, context: Context, renderer: Renderer) -> Response:
    """List the colleges with most selections, or those that have a name; a name that only one has leads to its page, or card image."""
    page = await colleges_page(context, given)
    if page.only:
        return to_one(request, given, page.only)
    return renderer.render("pages/records.html", page=page)


@router.get("/colleges/{college}")
@router.get("/colleges/{college}/card.svg")
async def college(request: Request, college: Name, given: CollegeQuery, context: Context, renderer: Renderer) -> Response:
    """Show what became of the players of a college; any of its spellings leads to its slug."""
    return record_response(request, renderer, await college_page(context, college, given), college)
