"""Draft picks for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.draft_picks.queries import LISTING
from app.listing.page import Page, read_page
from app.listing.resolve import plain, resolved

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.draft_picks.schemas import DraftPickParameters
    from app.references import References

_PLAIN = ("season", "season_min", "season_max", "round", "pick", "pick_min", "pick_max", "person_id", "hof")
_RESOLVED = ("college", "position", "group", "side", "q", "name")


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
    filters = plain(parameters, _PLAIN) | resolved(parameters, _RESOLVED, references)
    if parameters.team is not None:
        filters["team"] = parameters.team.strip().upper()
    if parameters.franchise is not None:
        filters["franchise"] = references.franchise_of(parameters.franchise, parameters.season).franchise_id
    return filters
