"""Read models: tables that the end of a run fills with what would be joined or ranked for each request otherwise.

None is needed: while one is not made of the rows that are loaded, requests compute the same from these (``app.context.read_models``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.pick_values import PICK_VALUES
from app.datasets.prospects import PROSPECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_MODELS: Mapping[str, tuple[str, ...]] = {
    "prospect_row": PROSPECTS.made_of,
    "entry_score": (COMBINE.name,),
    "class_strength": (DRAFT_PICKS.name, COMBINE.name, PICK_VALUES.name),
}
"""The data sets that each read model is made of, by its table, in the order in which they are filled."""
