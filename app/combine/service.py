"""Combine entries for every caller: API, pages and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.combine.queries import LISTING, RANGES
from app.listing.page import Page, read_page
from app.listing.resolve import plain, resolved

if TYPE_CHECKING:
    from app.combine.schemas import CombineParameters
    from app.context import ServiceContext
    from app.references import References

_PLAIN = (
    *("season", "season_min", "season_max", "draft_year", "drafted", "person_id"),
    *(f"{stem}_{end}" for stem in RANGES for end in ("min", "max")),
)
_RESOLVED = ("college", "position", "group", "side", "q", "name")


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
    filters = plain(parameters, _PLAIN) | resolved(parameters, _RESOLVED, references)
    if parameters.franchise is not None:
        year = parameters.season if parameters.draft_year is None else parameters.draft_year
        filters["franchise"] = references.franchise_of(parameters.franchise, year).franchise_id
    return filters
