"""Draft picks for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets.draft_picks import DRAFT_PICKS
from app.draft_picks.queries import LISTING
from app.listing import derived
from app.listing.page import Page, read_page

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.draft_picks.schemas import DraftPickParameters
    from app.references import References


async def list_picks(context: ServiceContext, parameters: DraftPickParameters) -> Page:
    """One page of picks.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    filters = resolve_filters(parameters, await context.references(version))
    return await read_page(context, LISTING, parameters, filters, version)


def resolve_filters(parameters: DraftPickParameters, references: References) -> dict[str, object]:
    """The values that the statement binds, by filter.

    Raises:
        InvalidParameter: a code or name that means nothing, or more than one thing.
    """
    return derived.resolve_filters(DRAFT_PICKS, parameters, references)
