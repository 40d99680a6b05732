"""Serve GET /api/v1/combine."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.combine.queries import LISTING
from app.combine.schemas import CombinePage, CombineParameters
from app.datasets.combine import COMBINE
from app.http.dependencies import API_PREFIX, Context
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, streamed
from app.listing.query import query_list
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/combine", tags=["combine"])
CombineQuery = Annotated[CombineParameters, Depends(QueryParameters(CombineParameters))]
_EXAMPLE = "season,player_name,pos,wt,forty\n2019,D.K. Metcalf,WR,228,4.33\n"


@router.get("", **streamed(CombinePage, _EXAMPLE), summary="List combine entries")
async def list_combine_entries(parameters: CombineQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List every combine entry since 2000: filtered by any drill, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.

    Inches, pounds, seconds and repetitions; null means that the drill was not done.
    """
    return await list_response(await query_list(context, COMBINE, LISTING, parameters), accept)
