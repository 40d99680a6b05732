"""Serve GET /api/v1/changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.changes import service
from app.changes.events import LastEventId, change_events
from app.changes.schemas import ChangePage, ChangeParameters
from app.http.dependencies import API_PREFIX, Context, State
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormatOrEvents, streamed
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/changes", tags=["data"])
ChangeQuery = Annotated[ChangeParameters, Depends(QueryParameters(ChangeParameters))]
_EXAMPLE = (
    "event_id,run_id,dataset,kind,season,pick,name,field,old_value,new_value\n1,3,draft_picks,changed,2020,1,Joe Burrow,games,69,77\n"
)
_ROUTE = streamed(ChangePage, _EXAMPLE)
_ROUTE["responses"][200]["content"]["text/event-stream"] = {
    "schema": {"type": "string"},
    "example": 'data: {"event_id":1,"run_id":3,"kind":"changed","name":"Joe Burrow","field":"games","new_value":"77"}\nid: 1\n\n',
}


@router.get("", **_ROUTE, summary="List changes")
async def list_changes(
    parameters: ChangeQuery,
    context: Context,
    state: State,
    accept: AcceptedFormatOrEvents,
    last: LastEventId,
) -> Response:
    """List what loads have added, changed and removed: upstream history is mutable, and this is its record, value by value.

    With `Accept: text/event-stream`, the changes after `Last-Event-ID`, else those of `since`, else only those to come are sent as
    server-sent events: the row as JSON, and its `event_id` as id. The stream ends when the client leaves or the server stops.
    """
    if accept != "events":
        return await list_response(await service.list_changes(context, parameters), accept)
    return await change_events(context, parameters, last, state["draining"])
