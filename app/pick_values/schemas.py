"""The request to the trade calculator, and its response."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.datasets.pick_values import CHARTS
from app.errors.wording import did_you_mean
from app.listing.parameters import Season
from app.parameters import Parameters


def known_charts(names: list[str]) -> list[str]:
    """Return the names, each once, in the order of the charts.

    Raises:
        ValueError: a name that is not a chart's.
    """
    for name in names:
        if name not in CHARTS:
            raise ValueError(f"Unknown chart {name!r}. {did_you_mean(name, CHARTS)}The charts are {', '.join(CHARTS)}.")
    return [name for name in CHARTS if name in names]


PickText = Annotated[str, StringConstraints(max_length=30)]
ChartName = Annotated[str, StringConstraints(max_length=30)]
Picks = Annotated[list[PickText], Field(max_length=50)]
Discount = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class TradeRequest(Parameters):
    """Two sides of a trade: picks written as `6`, `1.05`, `r3`, `2027r1` or `2013r1#22`."""

    model_config = ConfigDict(defer_build=False)  # FastAPI reads a body that is not built yet with a warning

    gave: Picks = Field(description="Picks of one side.", examples=[["6", "39", "2013r1#22", "2014r1#2"]])
    received: Picks = Field(default=[], description="Picks of the other side.", examples=[["2"]])
    season: Season | None = Field(
        default=None,
        description="The draft from which years are counted, and of picks without a season. Default: the latest class, or with picks of "
        "earlier ones the draft before the earliest season named (that season, if every pick names one).",
        examples=[2012],
    )
    discount: Discount = Field(
        default=0, description="What a pick loses per year until its draft: worth · (1 − discount)^years.", examples=[0.1]
    )
    charts: Annotated[list[ChartName], Field(min_length=1, max_length=20), AfterValidator(known_charts)] = Field(
        default=list(CHARTS), description=f"Some of the charts {', '.join(CHARTS)}.", examples=[["johnson", "otc"]]
    )
    picks_per_round: int = Field(
        default=32, ge=1, le=64, description="For picks whose number is not known: `1.05` and the middle of a round.", examples=[32]
    )


class PickWorth(BaseModel):
    """A pick with its value on each chart, after the discount."""

    pick: str = Field(description="As it was written.", examples=["2013r1#22"])
    season: int = Field(description="Its draft.", examples=[2013])
    number: int = Field(description="Its overall number.", examples=[22])
    estimated: bool = Field(description="The number is the middle of the round, or follows from the place in it.", examples=[False])
    years: int = Field(description="Years until its draft.", examples=[1])
    factor: float = Field(description="(1 − discount)^years.", examples=[1.0])
    values: dict[str, float | None] = Field(description="Null on a chart that the pick is not on.", examples=[{"johnson": 780}])


class ChartComparison(BaseModel):
    """Both sides on one chart; null where one of the picks is not on it.

    An equivalent pick has the nearest value on the chart; null for nothing, or for more than the first pick.
    """

    chart: str = Field(examples=["johnson"])
    gave: float | None = Field(examples=[5490])
    received: float | None = Field(examples=[2600])
    difference: float | None = Field(description="received − gave", examples=[-2890])
    gave_equivalent: int | None = Field(examples=[None])
    received_equivalent: int | None = Field(examples=[2])
    difference_equivalent: int | None = Field(description="Of the difference, whichever side has it.", examples=[2])


class TradeWorth(BaseModel):
    """What both sides are worth by every chart; charts value picks differently, and none of them is the verdict."""

    season: int = Field(description="The draft from which years were counted.", examples=[2012])
    discount: float = Field(examples=[0])
    gave: list[PickWorth]
    received: list[PickWorth]
    charts: list[ChartComparison]
    dataset_version: str = Field(examples=["3.2.1.1"])
    synthetic: bool
