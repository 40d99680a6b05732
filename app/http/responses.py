"""The formats of a response: which one a client accepts, and what a route with several declares."""

from typing import Annotated, Literal, TypedDict

from fastapi import Depends, params
from starlette.requests import Request
from starlette.responses import Response

from app.errors import NotAcceptable
from app.http.accept import Accepted, accepted
from app.http.openapi import Responses, list_answers
from app.http.rate_limits import RateLimit

StreamFormat = Literal["csv", "ndjson"]


async def accepted_format(request: Request) -> StreamFormat | None:
    """Return the stream format that the ``Accept`` header requests; ``None`` for a page of JSON.

    Raises:
        NotAcceptable: nothing the client accepts can be produced.
    """
    match _accepted(request):
        case "json":
            return None
        case "csv" | "ndjson" as form:
            return form
        case _:
            raise NotAcceptable("This endpoint responds with application/json, text/csv or application/x-ndjson.")


async def accepted_format_or_events(request: Request) -> StreamFormat | Literal["events"] | None:
    """Return ``events`` when the ``Accept`` header requests server-sent events, else what ``accepted_format`` returns.

    Raises:
        NotAcceptable: nothing the client accepts can be produced.
    """
    return "events" if _accepted(request) == "events" else await accepted_format(request)


def _accepted(request: Request) -> Accepted:
    return accepted(b",".join(value for name, value in request.scope["headers"] if name == b"accept"))


AcceptedFormat = Annotated[StreamFormat | None, Depends(accepted_format)]
AcceptedFormatOrEvents = Annotated[StreamFormat | Literal["events"] | None, Depends(accepted_format_or_events)]


def asks_for_stream(request: Request) -> bool:
    """Tell a whole set, which keeps a connection of the database until the client has read it, and events from a page."""
    return "format" in request.query_params or _accepted(request) in ("csv", "ndjson", "events")


class StreamedRoute(TypedDict):
    """What the route of every list or table that is also streamed declares."""

    response_model: object
    responses: Responses
    dependencies: list[params.Depends]


def streamed(model: object, csv_example: str) -> StreamedRoute:
    """Return these options: ``@router.get("", **streamed(Page, example), summary=...)``. A stream counts against its rate limit."""
    limit = Depends(RateLimit("streams", when=asks_for_stream))
    return {"response_model": model, "responses": list_answers(csv_example), "dependencies": [limit]}


async def json_only(request: Request, response: Response) -> None:
    """Require that the client accepts JSON, the only format of these routes.

    Raises:
        NotAcceptable: the client does not accept it.
    """
    if _accepted(request) != "json":
        raise NotAcceptable("This endpoint responds with application/json.")
    response.headers["vary"] = "Accept"
