"""Serve GET /api/v1/changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.changes import service
from app.changes.schemas import ChangePage, ChangeParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import list_answers
from app.http.query import DocumentedRoute, QueryParameters
from app.http.responses import STREAM_LIMIT, AcceptedFormat, list_response

router = APIRouter(prefix=f"{API_PREFIX}/changes", tags=["data"], route_class=DocumentedRoute)
ChangeQuery = Annotated[ChangeParameters, Depends(QueryParameters(ChangeParameters))]
_EXAMPLE = (
    "event_id,run_id,dataset,kind,season,pick,name,field,old_value,new_value\n1,3,draft_picks,changed,2020,1,Joe Burrow,games,69,77\n"
)


@router.get("", response_model=ChangePage, responses=list_answers(_EXAMPLE), dependencies=[STREAM_LIMIT], summary="List changes")
async def list_changes(parameters: ChangeQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List what loads have added, changed and removed: upstream history is mutable, and this is its record, value by value."""
    return await list_response(await service.list_changes(context, parameters), accept)
