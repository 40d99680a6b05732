"""Read models: tables that the end of a run fills with what would be joined or ranked for each request otherwise.

None is needed: while one is not made of the rows that are loaded, requests compute the same from these (``app.context.read_models``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.pick_values import PICK_VALUES
from app.datasets.prospects import PROSPECTS


@dataclass(frozen=True, slots=True)
class ReadModel:
    """The data sets that a read model is made of, and the number of its definition.

    A release does not read what one with another definition has filled, so a change of the rows or of a formula needs a new number.
    """

    made_of: tuple[str, ...]
    definition: int


READ_MODELS: Mapping[str, ReadModel] = {
    "prospect_row": ReadModel(PROSPECTS.made_of, definition=3),
    "entry_score": ReadModel((COMBINE.name,), definition=1),
    "class_strength": ReadModel((DRAFT_PICKS.name, COMBINE.name, PICK_VALUES.name), definition=1),
}
"""Every read model by its table, in the order in which they are filled."""
