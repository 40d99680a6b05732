"""GET /api/v1/combine"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.combine.queries import LISTING
from app.combine.schemas import CombinePage, CombineParameters
from app.combine.service import resolve_filters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import list_response
from app.openapi import list_answers

router = APIRouter(prefix=f"{API_PREFIX}/combine", tags=["combine"])
_EXAMPLE = "season,player_name,pos,wt,forty\n2019,D.K. Metcalf,WR,228,4.33\n"


@router.get(
    "",
    response_model=CombinePage,
    responses=list_answers(_EXAMPLE),
    summary="List combine entries",
    openapi_extra=documented(CombineParameters),
)
async def list_combine_entries(request: Request, context: Context) -> Response:
    """Every combine entry since 2000: filtered by any drill, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.

    Inches, pounds, seconds and repetitions; null means that the drill was not done.
    """
    parameters = read_query(request, CombineParameters)
    version = await context.version()
    filters = resolve_filters(parameters, await context.references(version))
    return await list_response(request, context, LISTING, parameters, filters, version)
