"""Changes for every caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.changes.queries import LISTING
from app.listing.query import ListQuery
from app.listing.resolve import plain

if TYPE_CHECKING:
    from app.changes.schemas import ChangeParameters
    from app.context import ServiceContext


async def list_changes(context: ServiceContext, parameters: ChangeParameters) -> ListQuery:
    """Return the query for changes, the latest first.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    return ListQuery(context, LISTING, parameters, plain(parameters, LISTING.filters), await context.version())
