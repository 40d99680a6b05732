"""Aggregates for every caller: API and command line."""

from __future__ import annotations

from functools import partial

from app.aggregates.queries import parse_groups, parse_measures
from app.aggregates.schemas import AggregateParameters
from app.aggregates.statements import aggregate_statement
from app.combine.queries import LISTING as COMBINE_LISTING
from app.context import ServiceContext
from app.context.read_models import is_current
from app.datasets.model import Dataset
from app.datasets.players import PLAYERS
from app.db.models import facts, group_sum, prospect_row, value_count
from app.draft_picks.queries import LISTING as DRAFT_PICKS_LISTING
from app.listing.derived import listing as derived_listing
from app.listing.derived import resolve_filters
from app.listing.parsing import parse_sort
from app.listing.past import AS_OF, datasets_read, listing_as_of, load_as_of
from app.listing.table import TableQuery
from app.prospects.queries import LISTING as PROSPECTS_LISTING
from app.prospects.queries import READ_MODEL

LISTINGS = {each.name: each for each in (DRAFT_PICKS_LISTING, COMBINE_LISTING, PROSPECTS_LISTING)}
LISTINGS[PLAYERS.name] = derived_listing(PLAYERS, facts[PLAYERS.name])
"""The lists whose rows can be aggregated, by data set."""


async def aggregate(context: ServiceContext, dataset: Dataset, parameters: AggregateParameters) -> TableQuery:
    """Return the query for the aggregates of a data set.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not respond.
    """
    listing = LISTINGS[dataset.name]
    groups = parse_groups(parameters.group_by, listing)
    measures = parse_measures(parameters.measures, listing)
    sort = parse_sort(parameters.sort, (*groups, *(measure.label for measure in measures)), groups)
    version = await context.version()
    filters = resolve_filters(dataset, parameters, await context.references(version))
    if parameters.as_of is not None:
        filters[AS_OF] = await load_as_of(context, datasets_read(dataset, listing, {*filters, *groups}), parameters.as_of)
        listing = listing_as_of(listing)
    values = {**filters, **{f"measure_{number}": measure.value for number, measure in enumerate(measures)}}
    if listing is PROSPECTS_LISTING and await is_current(context, prospect_row):
        listing = READ_MODEL
    stored = not filters and await is_current(context, value_count) and await is_current(context, group_sum)
    statement = partial(aggregate_statement, listing, groups, measures, frozenset(filters), sort, stored=stored)
    name = f"{dataset.name}_by_{'_'.join(groups) or 'nothing'}"
    return TableQuery(context, name, statement, values, version, parameter="group_by", limit=parameters.limit)
