"""GET /api/v1/pick-values, /api/v1/trades: a list for every data set that has no folder of its own."""

# no `from __future__ import annotations`: the signature of each handler names a model that is made here
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.datasets.model import Dataset
from app.http.dependencies import API_PREFIX, Context
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, streamed
from app.listing.derived import parameter_model
from app.listing.parameters import ListParameters
from app.listing.query import query_list
from app.listing.responses import list_response
from app.listing.schemas import item_model, page_or_rows
from app.records.queries import DERIVED, LISTINGS

router = APIRouter(prefix=API_PREFIX)


def _add_list(dataset: Dataset) -> None:
    """Add the list of one data set."""
    listing, parameter_type = LISTINGS[dataset.name], parameter_model(dataset)
    title = "".join(word.capitalize() for word in dataset.name.split("_"))
    shown = {name: field.example for name, field in dataset.listed.items() if field.example is not None}
    example = f"{','.join(shown)}\n{','.join(map(str, shown.values()))}\n"

    @router.get(
        f"/{dataset.path}",
        name=f"list_{dataset.name}",
        tags=[dataset.title],
        **streamed(page_or_rows(f"{title}Page", item_model(f"{title}Item", listing.fields)), example),
        summary=f"List {dataset.title}",
        description=f"{dataset.about} Filtered, sorted, in keyset pages or streamed whole as CSV, NDJSON or JSON.\n\n"
        f"Data: {dataset.source}, {dataset.licence}.",
    )
    async def show_rows(
        parameters: Annotated[ListParameters, Depends(QueryParameters(parameter_type))], context: Context, accept: AcceptedFormat
    ) -> Response:
        return await list_response(await query_list(context, dataset, listing, parameters), accept)


for _dataset in DERIVED:
    _add_list(_dataset)
