"""Rows of any data set for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.listing.query import ListQuery, query_list
from app.records.queries import LISTINGS

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.datasets.model import Dataset
    from app.listing.parameters import ListParameters


async def list_rows(context: ServiceContext, dataset: Dataset, parameters: ListParameters) -> ListQuery:
    """Return the query for rows.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    return await query_list(context, dataset, LISTINGS[dataset.name], parameters)
