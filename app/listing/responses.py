"""From a list query or a table to a response: a page of JSON, or a stream of all rows.

Pages are encoded from rows by msgspec, not through a model. The models of :mod:`app.listing.schemas` are derived from the same fields and
document them. Fifty rows of 21 fields take msgspec 0.03 ms of processor time, and pydantic, which validates them first, 0.30 ms; the whole
response takes 1.1 ms.
"""

import msgspec
from starlette.responses import Response

from app.errors import InvalidParameter
from app.listing.parameters import Format, ListParameters, TableParameters
from app.listing.query import ListQuery
from app.listing.table import MOST_ROWS, TableQuery

_ENCODER = msgspec.json.Encoder()
_JSON_HEADERS = {"vary": "Accept"}


async def list_response(query: ListQuery, form: Format | None) -> Response:
    """Respond with one page, or with the whole set when a format was requested."""
    parameters = query.parameters
    escape_formulas = False
    if isinstance(parameters, ListParameters):
        form, escape_formulas = parameters.format or form, parameters.escape_formulas
    if form is None:
        return _json(await query.page())
    if parameters.cursor is not None:
        raise InvalidParameter("cursor", "A streamed response has no pages; omit the cursor or the format.")
    response = query.stream(form, escape_formulas=escape_formulas)
    response.headers["vary"] = "Accept"
    return response


async def table_response(table: TableQuery, parameters: TableParameters, form: Format | None) -> Response:
    """Respond with a table and what is said about it, or with a stream of its rows."""
    form = parameters.format or form
    if form is not None:
        response = table.stream(form, escape_formulas=parameters.escape_formulas)
        response.headers["vary"] = "Accept"
        return response
    items, total = await table.page(MOST_ROWS)
    version = {"dataset_version": table.version.tag, "synthetic": table.version.synthetic}
    return _json({"items": items, "total": total, **table.about, **version})


def _json(content: object) -> Response:
    """Encode any value as JSON."""
    return Response(_ENCODER.encode(content), media_type="application/json", headers=_JSON_HEADERS)
