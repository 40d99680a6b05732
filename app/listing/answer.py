"""From parameters to a response: which format the client wants, and the bytes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from app.http.accept import accepted
from app.listing.page import read_page, understand
from app.listing.stream import whole_set
from app.request_errors import InvalidParameter, NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from app.context import ServiceContext
    from app.dataset_state import DatasetVersion
    from app.http.accept import Accepted
    from app.listing.model import Listing
    from app.listing.parameters import Format, ListParameters

_ENCODER = msgspec.json.Encoder()
_JSON_HEADERS = {"vary": "Accept"}


def json_response(content: object) -> Response:
    """Any encodable value as JSON."""
    return Response(_ENCODER.encode(content), media_type="application/json", headers=_JSON_HEADERS)


def accepted_format(request: Request) -> Format | None:
    """The stream format that the ``Accept`` header asks for; ``None`` for a page of JSON.

    Raises:
        NotAcceptable: nothing the client accepts can be produced.
    """
    form = _accepted(request)
    if form == "none":
        raise NotAcceptable("This endpoint responds with application/json, text/csv or application/x-ndjson.")
    return None if form == "json" else form


def _accepted(request: Request) -> Accepted:
    return accepted(b",".join(value for name, value in request.scope["headers"] if name == b"accept"))


def require_json(request: Request) -> None:
    """For addresses that know JSON alone.

    Raises:
        NotAcceptable: the client does not accept it.
    """
    if _accepted(request) != "json":
        raise NotAcceptable("This endpoint responds with application/json.")


async def list_response(
    request: Request,
    context: ServiceContext,
    listing: Listing,
    parameters: ListParameters,
    filters: Mapping[str, object],
    version: DatasetVersion,
) -> Response:
    """One page, or the whole set when a format is asked for."""
    form = parameters.format or accepted_format(request)
    if form is None:
        return json_response(await read_page(context, listing, parameters, filters, version))
    if parameters.cursor is not None:
        raise InvalidParameter("cursor", "A streamed response has no pages; omit the cursor or the format.")
    asked = understand(listing, parameters, filters, whole=True)
    response = whole_set(context.database, listing, asked, form, version, escape_formulas=parameters.escape_formulas)
    response.headers["vary"] = "Accept"
    return response
