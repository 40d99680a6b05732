"""Changes for every caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.changes.queries import LISTING
from app.listing.page import Page, read_page
from app.listing.resolve import plain

if TYPE_CHECKING:
    from app.changes.schemas import ChangeParameters
    from app.context import ServiceContext


async def list_changes(context: ServiceContext, parameters: ChangeParameters) -> Page:
    """One page of changes, the latest first.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    return await read_page(context, LISTING, parameters, resolve_filters(parameters), await context.version())


def resolve_filters(parameters: ChangeParameters) -> dict[str, object]:
    """The values that the statement binds, by filter."""
    return plain(parameters, LISTING.filters)
