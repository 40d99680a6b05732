"""Parameters and responses about what selections turn out to be worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from app.aggregates.schemas import GroupedParameters
from app.datasets.draft_picks import DRAFT_PICKS
from app.listing.derived import filter_model
from app.listing.parameters import Amount, Group, ListParameters, Season, Several, TableParameters
from app.listing.schemas import TableModel, item_model, page_or_rows
from app.value.formulas import FIRST_CLASS, LAST_CLASS, LAST_PICK
from app.value.lists import MEASURES, OVER_EXPECTED, STRENGTH

Hit = Literal["seasons_started", "probowls", "w_av", "games"]
AnyGroup = Literal[Group, "all"]
if TYPE_CHECKING:
    Measure = str
else:  # mypy cannot read a literal type that is made from a list
    Measure = Literal[MEASURES]


_MODEL_ONLY_TODAY = (
    "The expected value is known as of today only. /api/v1/draft-picks takes as_of: subtract the expected_w_av of "
    "/api/v1/analytics/expected-value from the w_av of then."
)


class GroupParameters(GroupedParameters):
    """Groups of selections; the filters of the draft picks are added."""

    only_today = _MODEL_ONLY_TODAY


class HitParameters(GroupParameters):
    """What a hit is."""

    only_today = (
        "Hit rates are known as of today only. /api/v1/aggregate/draft-picks takes as_of: its measure share:seasons_started>=3 is the "
        "hit rate of then."
    )

    hit: Hit = Field(default="seasons_started", description="What makes a hit: seasons as a starter, Pro Bowls, w_av or games.")
    at_least: int | None = Field(
        default=None,
        ge=1,
        le=32767,
        description="How many make a hit. Default: 3 seasons, 1 Pro Bowl; w_av and games have none.",
        examples=[3],
    )


OverExpectedGroupParameters = filter_model(DRAFT_PICKS, GroupParameters)
HitRateParameters = filter_model(DRAFT_PICKS, HitParameters)


class ExpectedValueParameters(TableParameters):
    """Which picks are listed."""

    only_today = _MODEL_ONLY_TODAY

    pick_min: int = Field(default=1, ge=1, le=LAST_PICK, description="Lowest overall number.")
    pick_max: int = Field(default=LAST_PICK, ge=1, le=LAST_PICK, description="Highest overall number.")


class OverExpectedParameters(filter_model(DRAFT_PICKS, ListParameters)):  # type: ignore[misc]
    """Filters of the draft picks, and the range of the value over expected."""

    only_today = _MODEL_ONLY_TODAY

    value_over_expected_min: Amount | None = Field(default=None, description="Minimum value over expected.", examples=[50])
    value_over_expected_max: Amount | None = Field(default=None, description="Maximum value over expected.")


class ClassStrengthParameters(ListParameters):
    """Classes, groups and measures."""

    only_today = (
        "The strength of classes is known as of today only. /api/v1/aggregate/draft-picks takes as_of: group_by=season,group counts the "
        "selections of then."
    )

    season: Several[Season] | None = Field(default=None, description="Class.", examples=[2024])
    season_min: Season | None = Field(default=None, description="Earliest class.")
    season_max: Season | None = Field(default=None, description="Latest class.")
    group: Several[AnyGroup] | None = Field(default=None, description="Position group, or `all`.", examples=["QB"])
    measure: Several[Measure] | None = Field(default=None, description="Measure.", examples=["johnson"])


OverExpectedPage = page_or_rows("OverExpectedPage", item_model("OverExpectedItem", OVER_EXPECTED.fields))
ClassStrengthPage = page_or_rows("ClassStrengthPage", item_model("ClassStrengthItem", STRENGTH))


class SelectionGroup(BaseModel):
    """The groups that were asked for, and the classes of the selections in it."""

    season: int | None = None
    round: int | None = Field(default=None, examples=[1])
    pick: int | None = None
    position: str | None = None
    group: str | None = None
    franchise: str | None = None
    college: str | None = None
    decade: int | None = None
    first_season: int | None = Field(description="Earliest class that is counted.", examples=[1994])
    last_season: int | None = Field(description="Latest class that is counted.", examples=[2015])
    note: str | None = Field(description="Why something is null.")


class HitRate(SelectionGroup):
    """Hits among the selections of a group."""

    n: int = Field(description="Selections.", examples=[691])
    hits: int = Field(examples=[538])
    rate: float | None = Field(description="hits / n", examples=[0.778582])
    lower: float | None = Field(description="Lower end of the 95 % Wilson interval.", examples=[0.746146])
    upper: float | None = Field(description="Upper end.", examples=[0.807969])
    without_record: int = Field(description="Selections without a record of it, which are not hits.", examples=[38])


class GroupTable(TableModel):
    """A table of groups of selections."""

    note: str | None = Field(description="Which classes are left out.")


class HitRates(GroupTable):
    """Hit rates by group."""

    items: list[HitRate]
    hit: Hit
    at_least: int = Field(examples=[3])


class OverExpectedGroup(SelectionGroup):
    """Value over expected, summed over the selections of a group."""

    n: int = Field(description=f"Selections up to pick {LAST_PICK}.", examples=[32])
    w_av: int | None = Field(description="Sum; without a record: 0.", examples=[1200])
    expected_w_av: float | None = Field(description="Sum.", examples=[1100.5])
    value_over_expected: float | None = Field(description="Sum of w_av - expected_w_av.", examples=[99.5])
    mean: float | None = Field(description="value_over_expected / n", examples=[3.11])
    beyond: int = Field(description=f"Selections after pick {LAST_PICK}, which are left out.", examples=[0])


class OverExpectedGroups(GroupTable):
    """Value over expected by group."""

    items: list[OverExpectedGroup]


class ExpectedValue(BaseModel):
    """A pick of the model."""

    pick: int = Field(examples=[1])
    expected_w_av: float = Field(examples=[80.0])
    mean_w_av: float = Field(description="Mean of the selections that the model is fitted to.", examples=[70.73])
    n: int = Field(description="Number of these selections.", examples=[22])


class ExpectedValues(TableModel):
    """The model, w_av = intercept + slope · ln(pick), and what it expects of each pick."""

    items: list[ExpectedValue]
    intercept: float | None = Field(examples=[80.001999])
    slope: float | None = Field(examples=[-13.762])
    n: int = Field(description="Selections that the model is fitted to.", examples=[4926])
    season_min: int = Field(examples=[FIRST_CLASS])
    season_max: int = Field(examples=[LAST_CLASS])
    last_pick: int = Field(examples=[LAST_PICK])
    note: str | None = Field(description="Why the model is null.")
