"""Serve GET /api/v1/draft-picks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.datasets.draft_picks import DRAFT_PICKS
from app.draft_picks.queries import LISTING
from app.draft_picks.schemas import DraftPickPage, DraftPickParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, streamed
from app.listing.query import query_list
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/draft-picks", tags=["draft picks"])
DraftPickQuery = Annotated[DraftPickParameters, Depends(QueryParameters(DraftPickParameters))]
_EXAMPLE = "season,round,pick,team,pfr_player_name\n2020,1,1,CIN,Joe Burrow\n"


@router.get("", **streamed(DraftPickPage, _EXAMPLE), summary="List draft picks")
async def list_draft_picks(parameters: DraftPickQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List every selection since 1980 with its outcome: filtered, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.

    A career figure of null means that there is no record; 0 means none.
    """
    return await list_response(await query_list(context, DRAFT_PICKS, LISTING, parameters), accept)
