"""Routes of the table of franchises, and of one."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.responses import Response

from app.http.dependencies import Context
from app.web.dependencies import Name, PageQuery, Renderer, page_router
from app.web.franchises.page import FranchisesParameters, franchise_page, franchises_page
from app.web.parameters import Given
from app.web.track_record import RecordParameters, record_response, to_one

router = page_router()
FranchisesQuery = Annotated[Given[FranchisesParameters], Depends(PageQuery(FranchisesParameters))]
FranchiseQuery = Annotated[Given[RecordParameters], Depends(PageQuery(RecordParameters))]


@router.get("/franchises")
@router.get("/franchises/card.svg")
async def franchises(request: Request, given: FranchisesQuery, context: Context, renderer: Renderer) -> Response:
    """Compare the franchises; ``franchise`` leads to the page, or the card image, of one."""
    if given.parameters.franchise:
        return to_one(request, given, f"/franchises/{quote(given.parameters.franchise, safe='')}")
    return renderer.render("pages/records.html", page=await franchises_page(context, given))


@router.get("/franchises/{franchise}")
@router.get("/franchises/{franchise}/card.svg")
async def franchise(request: Request, franchise: Name, given: FranchiseQuery, context: Context, renderer: Renderer) -> Response:
    """Show the drafts of a franchise; any of its codes and names leads to its slug."""
    return record_response(request, renderer, await franchise_page(context, franchise, given), franchise)
