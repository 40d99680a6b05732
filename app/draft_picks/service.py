"""Draft picks for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.draft_picks.queries import LISTING
from app.listing.filters import exact_key, search_patterns
from app.listing.page import Page, read_page

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.dataset_state import DatasetVersion
    from app.draft_picks.schemas import DraftPickParameters
    from app.references import References

_PLAIN = ("season", "season_min", "season_max", "round", "pick", "pick_min", "pick_max", "person_id", "hof")


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
    filters: dict[str, object] = {}
    for name in _PLAIN:
        value = getattr(parameters, name)
        if value is not None:
            filters[name] = value
    if parameters.team is not None:
        filters["team"] = parameters.team.strip().upper()
    if parameters.franchise is not None:
        filters["franchise"] = references.franchise_of(parameters.franchise, parameters.season).franchise_id
    if parameters.college is not None:
        filters["college"] = references.college_of(parameters.college).college_id
    if parameters.position is not None:
        filters["position"] = references.position_codes(parameters.position)
    if parameters.group is not None:
        filters["group"] = references.group_codes(parameters.group)
    if parameters.side is not None:
        filters["side"] = references.side_codes(parameters.side)
    if parameters.q is not None:
        filters["q"] = search_patterns(parameters.q)
    if parameters.name is not None:
        filters["name"] = exact_key(parameters.name)
    return filters
