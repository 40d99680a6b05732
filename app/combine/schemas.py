"""Parameters of the combine list, and what OpenAPI says about its answer."""

from __future__ import annotations

from pydantic import Field

from app.combine.queries import FIELDS
from app.listing.parameters import FilterText, Group, Identifier, ListParameters, Measure, Season, Side
from app.listing.schemas import item_model, page_model


class CombineParameters(ListParameters):
    """Filters; all given ones must hold. An entry without a measurement passes no filter on it."""

    season: Season | None = Field(default=None, description="Year of the combine.", examples=[2019])
    season_min: Season | None = Field(default=None, description="Earliest combine.")
    season_max: Season | None = Field(default=None, description="Latest combine.")
    draft_year: Season | None = Field(default=None, description="Draft class, as recorded with the entry.")
    drafted: bool | None = Field(default=None, description="Whether the person was selected in a draft.")
    franchise: FilterText | None = Field(
        default=None,
        description="Franchise that drafted the person, by today's code, slug, name, or a historic code. "
        "With `draft_year` or `season`, the code as used in that year.",
        examples=["bengals"],
    )
    college: FilterText | None = Field(default=None, description="College by slug, name or any known spelling.", examples=["ohio-state"])
    position: FilterText | None = Field(
        default=None, description="Any position code; every code of the same role matches.", examples=["WR"]
    )
    group: Group | None = Field(default=None, description="Position group.")
    side: Side | None = Field(default=None, description="Offense, defense or special teams.")
    person_id: Identifier | None = Field(default=None, description="The person measured.")
    q: FilterText | None = Field(default=None, description="Words that start words of a name; accents do not count.", examples=["metcalf"])
    name: FilterText | None = Field(default=None, description="The whole name; accents, case and punctuation do not count.")
    height_min: Measure | None = Field(default=None, description="Least height in inches.", examples=[75])
    height_max: Measure | None = Field(default=None, description="Greatest height in inches.")
    weight_min: Measure | None = Field(default=None, description="Least weight in pounds.")
    weight_max: Measure | None = Field(default=None, description="Greatest weight in pounds.")
    forty_min: Measure | None = Field(default=None, description="Least seconds over 40 yards.")
    forty_max: Measure | None = Field(default=None, description="Most seconds over 40 yards.", examples=[4.4])
    bench_min: Measure | None = Field(default=None, description="Least repetitions.")
    bench_max: Measure | None = Field(default=None, description="Most repetitions.")
    vertical_min: Measure | None = Field(default=None, description="Least vertical jump in inches.")
    vertical_max: Measure | None = Field(default=None, description="Greatest vertical jump in inches.")
    broad_jump_min: Measure | None = Field(default=None, description="Least broad jump in inches.")
    broad_jump_max: Measure | None = Field(default=None, description="Greatest broad jump in inches.")
    cone_min: Measure | None = Field(default=None, description="Least seconds in the three-cone drill.")
    cone_max: Measure | None = Field(default=None, description="Most seconds in the three-cone drill.")
    shuttle_min: Measure | None = Field(default=None, description="Least seconds in the shuttle.")
    shuttle_max: Measure | None = Field(default=None, description="Most seconds in the shuttle.")


CombineItem = item_model("CombineItem", FIELDS)
CombinePage = page_model("CombinePage", CombineItem)
