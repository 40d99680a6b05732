"""Hit rates, expected value and the strength of classes for every caller: API and command line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from app.aggregates.queries import parse_groups
from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.context.read_models import is_current
from app.datasets.draft_picks import DRAFT_PICKS
from app.db.models import class_strength as strength
from app.draft_picks.queries import LISTING
from app.errors import InvalidParameter
from app.listing.derived import resolve_filters
from app.listing.parameters import PageParameters
from app.listing.parsing import parse_sort
from app.listing.query import ListQuery, plain_list, query_list
from app.listing.table import TableQuery
from app.pick_values.queries import LATEST_CLASS
from app.value import queries
from app.value.formulas import FIRST_CLASS, LAST_CLASS, LAST_PICK, MODEL_DIGITS, YEARS_OF_A_CAREER
from app.value.lists import CLASS_STRENGTH, OVER_EXPECTED, STRENGTH_READ_MODEL
from app.value.schemas import (
    ExpectedValueParameters,
    GroupParameters,
    HitParameters,
    OverExpectedParameters,
)

#: How many make a hit unless the request says so.
_USUAL: Mapping[str, int] = {"seasons_started": 3, "probowls": 1}


async def hit_rates(context: ServiceContext, parameters: HitParameters) -> TableQuery:
    """Return the query for the share of selections that were hits, by group.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
    """
    groups, hit = parse_groups(parameters.group_by, LISTING), parameters.hit
    at_least = parameters.at_least or _USUAL.get(hit)
    if at_least is None:
        raise InvalidParameter("at_least", f"A hit by {hit} needs a number, such as 50.")
    sort = parse_sort(parameters.sort, (*groups, *queries.HIT_RATE_COLUMNS), groups)
    version = await context.version()
    filters, note = await _filters(context, parameters, version)
    statement = partial(queries.hit_rates, hit, groups, frozenset(filters), sort)
    name = f"hit_rates_by_{'_'.join(groups) or 'nothing'}"
    values, about = {**filters, "at_least": at_least}, {"hit": hit, "at_least": at_least, "note": note}
    return TableQuery(context, name, statement, values, version, about, "group_by", parameters.limit)


async def over_expected(context: ServiceContext, parameters: GroupParameters) -> TableQuery:
    """Return the query for value over expected, by group.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
    """
    groups = parse_groups(parameters.group_by, LISTING)
    sort = parse_sort(parameters.sort, (*groups, *queries.OVER_EXPECTED_COLUMNS), groups)
    version = await context.version()
    filters, note = await _filters(context, parameters, version)
    statement = partial(queries.over_expected, groups, frozenset(filters), sort)
    name = f"value_over_expected_by_{'_'.join(groups) or 'nothing'}"
    return TableQuery(context, name, statement, filters, version, {"note": note}, "group_by", parameters.limit)


async def expected_value(context: ServiceContext, parameters: ExpectedValueParameters) -> TableQuery:
    """Return the query for the expected value by pick, with the model."""
    version = await context.version()
    line = await context.database.fetch_row(queries.MODEL)
    known = line is not None and line["slope"] is not None
    about = {name: round(line[name], MODEL_DIGITS) if line and known else None for name in ("intercept", "slope")}
    scope = {"n": line["n"] if line else 0, "season_min": FIRST_CLASS, "season_max": LAST_CLASS, "last_pick": LAST_PICK}
    note = None if known else f"No selections of {FIRST_CLASS} to {LAST_CLASS} are loaded."
    values = {"pick_min": parameters.pick_min, "pick_max": parameters.pick_max}
    return TableQuery(context, "expected_value", queries.expected_values, values, version, {**about, **scope, "note": note})


async def selections(context: ServiceContext, parameters: OverExpectedParameters) -> ListQuery:
    """Return the query for selections with their value over expected.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
    """
    return await query_list(context, DRAFT_PICKS, OVER_EXPECTED, parameters)


async def class_strength(context: ServiceContext, parameters: PageParameters) -> ListQuery:
    """Return the query for what classes were worth, against those before.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    listing = STRENGTH_READ_MODEL if await is_current(context, strength) else CLASS_STRENGTH
    return await plain_list(listing)(context, parameters)


async def last_grown_class(context: ServiceContext) -> int | None:
    """Return the latest class that is counted unless a request names one; None without any class."""
    latest = await context.database.fetch_row(LATEST_CLASS)
    return None if latest is None or latest["season"] is None else latest["season"] - YEARS_OF_A_CAREER


async def _filters(context: ServiceContext, parameters: GroupParameters, version: DatasetVersion) -> tuple[dict[str, object], str | None]:
    """Resolve the filters; unless the request says up to which class, leave out those whose careers have hardly begun."""
    filters = resolve_filters(DRAFT_PICKS, parameters, await context.references(version))
    chosen = any(getattr(parameters, name) is not None for name in ("season", "season_max"))
    last = None if chosen else await last_grown_class(context)
    if last is None:
        return filters, None
    note = f"Classes after {last} are less than {YEARS_OF_A_CAREER} years old and left out; season or season_max includes them."
    return {**filters, "season_max": last}, note
