"""Parameters of the combine list, and what OpenAPI says about its answer."""

from app.datasets.combine import COMBINE
from app.listing.derived import field_infos, parameter_model
from app.listing.schemas import item_model, page_or_rows

_Filters = parameter_model(COMBINE)


class CombineParameters(_Filters):  # type: ignore[misc, valid-type]
    """Filters; a row must match all of them. An entry without a measurement passes no filter on it."""


CombineItem = item_model("CombineItem", field_infos(COMBINE))
CombinePage = page_or_rows("CombinePage", CombineItem)
