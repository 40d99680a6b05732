"""Parameters of the changes list, and what OpenAPI says about its answer."""

from typing import Literal

from pydantic import Field

from app.changes.queries import FIELDS
from app.listing.parameters import Dataset, FilterText, Identifier, ListParameters, Moment, RunId, Season, Several
from app.listing.schemas import item_model, page_or_rows


class ChangeParameters(ListParameters):
    """Filters; a row must match all of them."""

    dataset: Several[Dataset] | None = Field(default=None, description="The dataset.")
    kind: Several[Literal["added", "changed", "removed"]] | None = Field(default=None, description="What happened to the row.")
    field: Several[FilterText] | None = Field(default=None, description="The column that changed.", examples=["games"])
    season: Several[Season] | None = Field(default=None, description="Season of the row.")
    season_min: Season | None = Field(default=None, description="Earliest season.")
    season_max: Season | None = Field(default=None, description="Latest season.")
    run_id: Several[RunId] | None = Field(default=None, description="The load that made the change.")
    person_id: Several[Identifier] | None = Field(default=None, description="The person of the row.")
    since: Moment | None = Field(
        default=None, description="After the load of this number, or from this day on (UTC).", examples=["2026-05-06"]
    )


ChangeItem = item_model("ChangeItem", FIELDS)
ChangePage = page_or_rows("ChangePage", ChangeItem)
