"""Parameters and responses of aggregates."""

from typing import Annotated

from pydantic import Field

from app.aggregates.queries import MEASURES, MOST_GROUPS
from app.listing.parameters import AsOf, TableParameters
from app.listing.schemas import TableModel
from app.listing.table import MOST_ROWS

GroupBy = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=100,
        description=f"Up to {MOST_GROUPS} groups, separated by commas; none for one row of all.",
        examples=["round"],
    ),
]


class GroupedParameters(TableParameters):
    """Groups, in which order they come, and how many of them."""

    group_by: GroupBy = None
    sort: str | None = Field(
        default=None,
        max_length=300,
        description="Columns to sort by, separated by commas; `-` before a name sorts descending. Nulls come last. Default: the groups.",
        examples=["-count"],
    )
    limit: int | None = Field(default=None, ge=1, le=MOST_ROWS, description="Number of rows, the first ones. Default: all.")


class AggregateParameters(GroupedParameters):
    """Groups and measures; the filters of the list are added for each data set."""

    measures: str = Field(
        default="count",
        min_length=1,
        max_length=1000,
        description=f"Measures, separated by commas: {MEASURES}. A share is of all rows of the group; a missing "
        "value does not meet the condition. "
        "Means and quantiles leave missing values out; a quantile between two values is interpolated.",
        examples=["count,mean:w_av"],
    )
    as_of: AsOf = None


Group = dict[str, int | float | str | None]


class Aggregates(TableModel):
    """A row per group that has any rows, in the order of the groups."""

    items: list[Group] = Field(description="The groups, then the measures.", examples=[[{"round": 1, "count": 32, "mean_w_av": 33.5}]])
