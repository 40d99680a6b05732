"""What one trade looks like."""

from typing import Literal

from pydantic import BaseModel, Field

from app.listing.parameters import AsOf
from app.parameters import Parameters


class TradeParameters(Parameters):
    """Parameters of one trade."""

    as_of: AsOf = None


class Became(BaseModel):
    """The selection that was made with a pick, and his career; null where there is no record."""

    person_id: int
    name: str = Field(examples=["Robert Griffin III"])
    position: str = Field(examples=["QB"])
    franchise: str | None = Field(description="Who made the pick in the end: it may have been traded again.", examples=["WAS"])
    nflverse_team: str | None = Field(description="Code in nflverse's tables.", examples=["WAS"])
    last_season: int | None = Field(examples=[2020])
    games: int | None = Field(examples=[56])
    seasons_started: int | None = Field(examples=[3])
    probowls: int | None = Field(examples=[1])
    w_av: int | None = Field(examples=[46])
    hof: bool = Field(examples=[False])


class TradeLeg(BaseModel):
    """One pick or one player that one franchise gave to another."""

    leg: int = Field(description="Number within the trade.", examples=[1])
    kind: Literal["pick", "player"]
    gave: str = Field(description="Team code as recorded.", examples=["STL"])
    received: str = Field(description="Team code as recorded.", examples=["WAS"])
    gave_franchise: str = Field(description="Today's code.", examples=["LAR"])
    received_franchise: str = Field(description="Today's code.", examples=["WAS"])
    gave_nflverse_team: str | None = Field(description="Code in nflverse's tables.", examples=["LA"])
    received_nflverse_team: str | None = Field(description="Code in nflverse's tables.", examples=["WAS"])
    pick_season: int | None = Field(examples=[2012])
    pick_round: int | None = Field(examples=[1])
    pick_number: int | None = Field(description="Overall number, when it is known.", examples=[2])
    conditional: bool | None = Field(description="The pick depended on a condition.", examples=[False])
    name: str | None = Field(description="The player, or whom the pick became as recorded.", examples=["Robert Griffin III"])
    person_id: int | None = Field(description="The same as a person, when known.")
    values: dict[str, float | None] | None = Field(description="By chart, without any discount.", examples=[{"johnson": 2600}])
    note: str | None = Field(description="Why there are no values.", examples=["The number of the pick is not known."])
    became: Became | None


class SideOnChart(BaseModel):
    """The sums of what a franchise gave and received; null where nothing of it is on the chart."""

    chart: str = Field(examples=["johnson"])
    gave: float | None = Field(examples=[5490])
    received: float | None = Field(examples=[2600])
    difference: float | None = Field(description="received − gave; null when anything of the side has no value.", examples=[-2890])


class TradeSide(BaseModel):
    """One franchise's part of the trade."""

    franchise: str = Field(description="Today's code.", examples=["WAS"])
    nflverse_team: str | None = Field(description="Code in nflverse's tables.", examples=["WAS"])
    gave: list[int] = Field(description="Numbers of the legs.", examples=[[1, 2, 3, 4]])
    received: list[int] = Field(examples=[[5]])
    without_value: list[int] = Field(description="Legs of this side that have no value and are not in the sums.", examples=[[]])
    charts: list[SideOnChart]


class TradeDetail(BaseModel):
    """A trade between two or more franchises, by every chart; none of them is the verdict."""

    trade_id: int = Field(examples=[503])
    season: int = Field(examples=[2012])
    trade_date: str | None = Field(examples=["2012-03-14"])
    complete: bool = Field(description="False when the source has a franchise that only gave or only received.")
    remarks: list[str] = Field(description="What to know before reading the sums.")
    legs: list[TradeLeg]
    sides: list[TradeSide]
    dataset_version: str = Field(examples=["3.2.1.1"])
    synthetic: bool
