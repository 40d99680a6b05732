"""Serve GET /api/v1/aggregate/{data set}."""

# no `from __future__ import annotations`: each route's parameters are a variable of the loop that adds it
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.aggregates import service
from app.aggregates.schemas import AggregateParameters, Aggregates, Group
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from app.datasets.players import PLAYERS
from app.datasets.prospects import PROSPECTS
from app.http.dependencies import API_PREFIX, Context
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, streamed
from app.listing.derived import filter_model
from app.listing.responses import table_response

router = APIRouter(prefix=f"{API_PREFIX}/aggregate", tags=["aggregates"])
_EXAMPLE = "season,count,mean_w_av\n2020,32,33.5\n"


def _add(dataset: Dataset) -> None:
    model = filter_model(dataset, AggregateParameters)

    @router.get(
        f"/{dataset.path}",
        name=f"aggregate_{dataset.name}",
        **streamed(Aggregates | list[Group], _EXAMPLE),
        summary=f"Aggregate {dataset.title}",
    )
    async def aggregate(
        parameters: Annotated[AggregateParameters, Depends(QueryParameters(model))], context: Context, accept: AcceptedFormat
    ) -> Response:
        """Count, average or compare the rows of a list by group: one row per group that has any, in the order of the groups.

        The filters are those of the list.
        """
        return await table_response(await service.aggregate(context, dataset, parameters), parameters, accept)


for each in (DRAFT_PICKS, COMBINE, PROSPECTS, PLAYERS):
    _add(each)
