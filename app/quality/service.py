"""Quality for every caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets import DATASETS
from app.errors import InvalidParameter
from app.listing.query import ListQuery
from app.listing.resolve import plain
from app.quality.queries import ISSUES, fill_counts
from app.quality.schemas import Completeness, FieldCompleteness

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.quality.schemas import CompletenessParameters, IssueParameters


async def completeness(context: ServiceContext, parameters: CompletenessParameters) -> Completeness:
    """Count the filled values per column of one data set, or of all, in the order of their declarations; on request season by season.

    Raises:
        InvalidParameter: seasons of a data set that has none.
        DatabaseUnavailable: the database did not respond.
    """
    by_season, chosen = parameters.by == "season" or parameters.season is not None, parameters.season
    if by_season and parameters.dataset and DATASETS[parameters.dataset].season is None:
        raise InvalidParameter("by" if chosen is None else "season", f"The {parameters.dataset} have no seasons.")
    version = await context.version()
    items: list[FieldCompleteness] = []
    for name in (parameters.dataset,) if parameters.dataset else DATASETS:
        if by_season and DATASETS[name].season is None:
            continue
        counts = fill_counts(name, by_season=by_season, chosen=chosen is not None)
        for season, total, *filled in await context.database.fetch(counts.statement, {"season": chosen}):
            items += [_completeness(name, season, field, count, total) for field, count in zip(counts.fields, filled, strict=True) if total]
    return Completeness(items=items, dataset_version=version.tag, synthetic=version.synthetic)


def _completeness(dataset: str, season: int | None, field: str, filled: int, total: int) -> FieldCompleteness:
    percent = round(100 * filled / total, 2)
    return FieldCompleteness(dataset=dataset, season=season, field=field, filled=filled, total=total, percent=percent, dead=filled == 0)


async def list_issues(context: ServiceContext, parameters: IssueParameters) -> ListQuery:
    """Return the query for issues, the latest first.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    return ListQuery(context, ISSUES, parameters, plain(parameters, ISSUES.filters), await context.version())
