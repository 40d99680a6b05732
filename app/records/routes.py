"""GET /api/v1/pick-values, /api/v1/trades: a list for every data set that has no folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import list_response
from app.listing.derived import parameter_model, resolve_filters
from app.listing.schemas import item_model, page_model
from app.openapi import list_answers
from app.records.queries import DERIVED, LISTINGS

if TYPE_CHECKING:
    from app.datasets.model import Dataset

router = APIRouter(prefix=API_PREFIX)


def _add_list(dataset: Dataset) -> None:
    """The list of one data set."""
    listing, parameter_type = LISTINGS[dataset.name], parameter_model(dataset)
    title = "".join(word.capitalize() for word in dataset.name.split("_"))
    shown = {name: field.example for name, field in dataset.listed.items() if field.example is not None}
    example = f"{','.join(shown)}\n{','.join(map(str, shown.values()))}\n"

    @router.get(
        f"/{dataset.path}",
        name=f"list_{dataset.name}",
        tags=[dataset.title],
        response_model=page_model(f"{title}Page", item_model(f"{title}Item", listing.fields)),
        responses=list_answers(example),
        summary=f"List {dataset.title}",
        description=f"{dataset.about} Filtered, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.",
        openapi_extra=documented(parameter_type),
    )
    async def list_rows(request: Request, context: Context) -> Response:
        parameters = read_query(request, parameter_type)
        version = await context.version()
        filters = resolve_filters(dataset, parameters, await context.references(version))
        return await list_response(request, context, listing, parameters, filters, version)


for _dataset in DERIVED:
    _add_list(_dataset)
