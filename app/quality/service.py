"""Quality for every caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets import DATASETS
from app.listing.query import ListQuery
from app.listing.resolve import plain
from app.quality.queries import COMPLETENESS, ISSUES
from app.quality.schemas import Completeness, FieldCompleteness

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.quality.schemas import IssueParameters

#: Data sets and their columns in the order in which they are declared.
_PLACES = {
    (name, field): place for place, (name, field) in enumerate((name, field) for name in DATASETS for field in DATASETS[name].listed)
}


async def completeness(context: ServiceContext, dataset: str | None = None) -> Completeness:
    """Count the filled values per column of one data set, or of all.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    version = await context.version()
    items = [
        FieldCompleteness(
            dataset=row["dataset"],
            field=row["field"],
            filled=row["filled"],
            total=row["row_count"],
            percent=round(100 * row["filled"] / row["row_count"], 2) if row["row_count"] else 0.0,
            dead=row["filled"] == 0,
        )
        for row in await context.database.fetch(COMPLETENESS)
        if dataset in (None, row["dataset"])
    ]
    items.sort(key=lambda each: (_PLACES.get((each.dataset, each.field), len(_PLACES)), each.dataset, each.field))
    return Completeness(items=items, dataset_version=version.tag, synthetic=version.synthetic)


async def list_issues(context: ServiceContext, parameters: IssueParameters) -> ListQuery:
    """Return the query for issues, the latest first.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    return ListQuery(context, ISSUES, parameters, plain(parameters, ISSUES.filters), await context.version())
