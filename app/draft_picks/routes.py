"""GET /api/v1/draft-picks"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.draft_picks.queries import LISTING
from app.draft_picks.schemas import DraftPickPage, DraftPickParameters
from app.draft_picks.service import resolve_filters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import list_response
from app.openapi import list_answers

router = APIRouter(prefix=f"{API_PREFIX}/draft-picks", tags=["draft picks"])
_EXAMPLE = "season,round,pick,team,pfr_player_name\n2020,1,1,CIN,Joe Burrow\n"


@router.get(
    "",
    response_model=DraftPickPage,
    responses=list_answers(_EXAMPLE),
    summary="List draft picks",
    openapi_extra=documented(DraftPickParameters),
)
async def list_draft_picks(request: Request, context: Context) -> Response:
    """Every selection since 1980 with its outcome: filtered, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.

    A career figure of null means that there is no record; 0 means none.
    """
    parameters = read_query(request, DraftPickParameters)
    version = await context.version()
    filters = resolve_filters(parameters, await context.references(version))
    return await list_response(request, context, LISTING, parameters, filters, version)
