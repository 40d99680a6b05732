"""Parameters of the draft picks list, and what OpenAPI says about its answer."""

from __future__ import annotations

from pydantic import Field

from app.draft_picks.queries import FIELDS
from app.listing.parameters import Count, FilterText, Group, Identifier, ListParameters, Season, Side
from app.listing.schemas import item_model, page_model


class DraftPickParameters(ListParameters):
    """Filters; all given ones must hold."""

    season: Season | None = Field(default=None, description="Draft class.", examples=[2020])
    season_min: Season | None = Field(default=None, description="Earliest draft class.")
    season_max: Season | None = Field(default=None, description="Latest draft class.")
    round: Count | None = Field(default=None, description="Round; up to 12 before 1993.", examples=[1])
    pick: Count | None = Field(default=None, description="Overall number within the class.")
    pick_min: Count | None = Field(default=None, description="Lowest overall number.")
    pick_max: Count | None = Field(default=None, description="Highest overall number.")
    franchise: FilterText | None = Field(
        default=None,
        description="Franchise by today's code (`KC`), slug (`chiefs`), name, or a historic code. "
        "With `season`, the code as used in that season. A code that changed hands is refused with the choices.",
        examples=["bengals"],
    )
    team: FilterText | None = Field(default=None, description="Team code exactly as recorded.", examples=["KAN"])
    college: FilterText | None = Field(default=None, description="College by slug, name or any known spelling.", examples=["lsu"])
    position: FilterText | None = Field(
        default=None, description="Any position code; every code of the same role matches.", examples=["QB"]
    )
    group: Group | None = Field(default=None, description="Position group.")
    side: Side | None = Field(default=None, description="Offense, defense or special teams.")
    person_id: Identifier | None = Field(default=None, description="The person picked.")
    q: FilterText | None = Field(default=None, description="Words that start words of a name; accents do not count.", examples=["joe bur"])
    name: FilterText | None = Field(default=None, description="The whole name; accents, case and punctuation do not count.")
    hof: bool | None = Field(default=None, description="In the Hall of Fame.")


DraftPickItem = item_model("DraftPickItem", FIELDS)
DraftPickPage = page_model("DraftPickPage", DraftPickItem)
