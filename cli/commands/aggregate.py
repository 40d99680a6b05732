"""``dq aggregate``: counts, means, quantiles, shares and correlations by group."""

import click

from app.aggregates.schemas import AggregateParameters
from app.aggregates.service import aggregate
from app.context import ServiceContext
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from app.datasets.players import PLAYERS
from app.datasets.prospects import PROSPECTS
from app.listing.derived import filter_model
from app.listing.table import TableQuery
from cli.filters import ListCommand
from cli.lists import DatasetGroup, table_command


@click.group(name="aggregate", cls=DatasetGroup)
def command() -> None:
    """Count, average or compare rows by group, after the filters of their list.

    Example: dq aggregate draft-picks --group-by round --measures "count,share:seasons_started>=3" --season-min 1994
    """


def _aggregate(dataset: Dataset) -> ListCommand:
    async def table(context: ServiceContext, checked: AggregateParameters) -> TableQuery:
        return await aggregate(context, dataset, checked)

    text = f"Aggregate {dataset.title}; groups, measures and filters are those of /api/v1/aggregate/{dataset.path}."
    return table_command(dataset.path, lambda: (filter_model(dataset, AggregateParameters), table), text, dataset)


for _dataset in (DRAFT_PICKS, COMBINE, PROSPECTS, PLAYERS):
    command.add_command(_aggregate(_dataset))
