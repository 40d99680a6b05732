"""Combine entries for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.combine.queries import LISTING
from app.datasets.combine import COMBINE
from app.listing import derived
from app.listing.query import ListQuery

if TYPE_CHECKING:
    from app.combine.schemas import CombineParameters
    from app.context import ServiceContext


async def list_entries(context: ServiceContext, parameters: CombineParameters) -> ListQuery:
    """Return the query for combine entries.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    filters = derived.resolve_filters(COMBINE, parameters, await context.references(version))
    return ListQuery(context, LISTING, parameters, filters, version)
