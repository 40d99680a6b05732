"""Serve GET /api/v1/aggregate/{data set}."""

# no `from __future__ import annotations`: each route's parameters are a variable of the loop that adds it
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from app.aggregates.queries import MEASURES, MOST_ROWS, aggregate_query, parse_groups, parse_measures
from app.combine.queries import LISTING as COMBINE_LISTING
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from app.datasets.prospects import PROSPECTS
from app.draft_picks.queries import LISTING as DRAFT_PICKS_LISTING
from app.errors import InvalidParameter
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import list_answers
from app.http.query import DocumentedRoute, QueryParameters
from app.http.responses import STREAM_LIMIT, AcceptedFormat, json_response
from app.listing.derived import filter_model, resolve_filters
from app.listing.model import Listing
from app.listing.parameters import Format, Parameters
from app.listing.stream import StreamedRows
from app.prospects.queries import LISTING as PROSPECTS_LISTING

router = APIRouter(prefix=f"{API_PREFIX}/aggregate", tags=["aggregates"], route_class=DocumentedRoute)
_EXAMPLE = "season,count,mean_w_av\n2020,32,33.5\n"


class AggregateParameters(Parameters):
    """Groups and measures; the filters of the list are added for each data set."""

    group_by: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Up to three groups, separated by commas; none for one row of all.",
        examples=["round"],
    )
    measures: str = Field(
        default="count",
        min_length=1,
        max_length=1000,
        description=f"Measures, separated by commas: {MEASURES}. A share is of all rows of the group; a missing "
        "value does not meet the condition. "
        "Means and quantiles leave missing values out; a quantile between two values is interpolated.",
        examples=["count,mean:w_av"],
    )
    format: Format | None = Field(default=None, description="Stream the groups in this format.")


async def _respond(
    dataset: Dataset, listing: Listing, parameters: AggregateParameters, context: Context, accept: Format | None
) -> Response:
    groups = parse_groups(parameters.group_by, listing)
    measures = parse_measures(parameters.measures, listing)
    version = await context.version()
    filters = resolve_filters(dataset, parameters, await context.references(version))
    values = {**filters, **{f"measure_{number}": measure.value for number, measure in enumerate(measures)}}
    form = parameters.format or accept
    statement = aggregate_query(
        listing, groups, measures, frozenset(filters), as_json=form in ("json", "ndjson"), streamed=form is not None
    )
    if form is not None:
        name = version.file_name(f"{dataset.name}_by_{'_'.join(groups) or 'nothing'}.{form}")
        response = StreamedRows(context.database, statement, values, form, name)
        response.headers["vary"] = "Accept"
        return response
    names = (*groups, *(measure.label for measure in measures))
    records = await context.database.fetch(statement, values)
    if len(records) > MOST_ROWS:
        raise InvalidParameter("group_by", f"These are more than {MOST_ROWS} groups: add a filter, or stream them with format=csv.")
    items = [dict(zip(names, record, strict=True)) for record in records]
    return json_response({"items": items, "total": len(items), "dataset_version": version.tag, "synthetic": version.synthetic})


def _add(dataset: Dataset, listing: Listing) -> None:
    model = filter_model(dataset, AggregateParameters)

    @router.get(
        f"/{dataset.path}",
        name=f"aggregate_{dataset.name}",
        responses=list_answers(_EXAMPLE),
        dependencies=[STREAM_LIMIT],
        summary=f"Aggregate {dataset.title}",
    )
    async def aggregate(
        parameters: Annotated[AggregateParameters, Depends(QueryParameters(model))], context: Context, accept: AcceptedFormat
    ) -> Response:
        """Count, average or compare the rows of a list by group: one row per group that has any, in the order of the groups.

        The filters are those of the list.
        """
        return await _respond(dataset, listing, parameters, context, accept)


for each, its_list in ((DRAFT_PICKS, DRAFT_PICKS_LISTING), (COMBINE, COMBINE_LISTING), (PROSPECTS, PROSPECTS_LISTING)):
    _add(each, its_list)
