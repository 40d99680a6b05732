"""Parameters of the draft picks list, and what OpenAPI says about its answer."""

from app.datasets.draft_picks import DRAFT_PICKS
from app.listing.derived import field_infos, parameter_model
from app.listing.schemas import item_model, page_or_rows

_Filters = parameter_model(DRAFT_PICKS)


class DraftPickParameters(_Filters):  # type: ignore[misc, valid-type]
    """Filters; a row must match all of them."""


DraftPickItem = item_model("DraftPickItem", field_infos(DRAFT_PICKS))
DraftPickPage = page_or_rows("DraftPickPage", DraftPickItem)
