"""Combine entries for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.combine.queries import LISTING
from app.datasets.combine import COMBINE
from app.listing import derived
from app.listing.page import Page, read_page

if TYPE_CHECKING:
    from app.combine.schemas import CombineParameters
    from app.context import ServiceContext
    from app.references import References


async def list_entries(context: ServiceContext, parameters: CombineParameters) -> Page:
    """One page of combine entries.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    filters = resolve_filters(parameters, await context.references(version))
    return await read_page(context, LISTING, parameters, filters, version)


def resolve_filters(parameters: CombineParameters, references: References) -> dict[str, object]:
    """The values that the statement binds, by filter.

    Raises:
        InvalidParameter: a code or name that means nothing, or more than one thing.
    """
    return derived.resolve_filters(COMBINE, parameters, references)
