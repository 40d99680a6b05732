"""GET /api/v1/changes"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.changes.queries import LISTING
from app.changes.schemas import ChangePage, ChangeParameters
from app.changes.service import resolve_filters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import list_response
from app.openapi import list_answers

router = APIRouter(prefix=f"{API_PREFIX}/changes", tags=["data"])
_EXAMPLE = (
    "event_id,run_id,dataset,kind,season,pick,name,field,old_value,new_value\n1,3,draft_picks,changed,2020,1,Joe Burrow,games,69,77\n"
)


@router.get(
    "", response_model=ChangePage, responses=list_answers(_EXAMPLE), summary="List changes", openapi_extra=documented(ChangeParameters)
)
async def list_changes(request: Request, context: Context) -> Response:
    """What loads have added, changed and removed: upstream history is mutable, and this is its record, value by value."""
    parameters = read_query(request, ChangeParameters)
    return await list_response(request, context, LISTING, parameters, resolve_filters(parameters), await context.version())
