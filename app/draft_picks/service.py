"""Draft picks for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets.draft_picks import DRAFT_PICKS
from app.draft_picks.queries import LISTING
from app.listing import derived
from app.listing.query import ListQuery

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.draft_picks.schemas import DraftPickParameters


async def list_picks(context: ServiceContext, parameters: DraftPickParameters) -> ListQuery:
    """Return the query for picks.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    filters = derived.resolve_filters(DRAFT_PICKS, parameters, await context.references(version))
    return ListQuery(context, LISTING, parameters, filters, version)
