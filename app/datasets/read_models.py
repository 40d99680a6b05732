"""Read models: tables that the end of a run fills with what would be joined or ranked for each request otherwise.

None is needed: while one is not made of the rows that are loaded, requests compute the same from these (``app.context.read_models``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from app.datasets.combine import COMBINE, DRILLS
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.pick_values import PICK_VALUES
from app.datasets.prospects import OUTCOMES, PROSPECTS


@dataclass(frozen=True, slots=True)
class ReadModel:
    """The data sets that a read model is made of, the number of its formulas, and the fields that it ``copies`` as they are.

    A release does not read what one with another definition has filled. A change of the rows or of a formula therefore needs a new number
    in ``formulas``; a new field does not, because the copied fields are part of the definition.
    """

    made_of: tuple[str, ...]
    formulas: int
    copies: tuple[str, ...] = ()

    @property
    def definition(self) -> int:
        """The number that the database records; that of the formulas alone where nothing is copied."""
        if not self.copies:
            return self.formulas
        return crc32(f"{self.formulas} {' '.join(self.copies)}".encode()) >> 1  # its column is a signed integer


#: The fields of selections, combine entries and prospects whose values are counted.
COUNTED = ("w_av", "games", *DRILLS)

_PROSPECT_ROW = ReadModel(PROSPECTS.made_of, formulas=3, copies=OUTCOMES)

READ_MODELS: Mapping[str, ReadModel] = {
    "prospect_row": _PROSPECT_ROW,
    # counts the rows of the one before, so another definition of that one is another one of this one
    "value_count": ReadModel(PROSPECTS.made_of, formulas=1, copies=(str(_PROSPECT_ROW.definition), *OUTCOMES)),
    "entry_score": ReadModel((COMBINE.name,), formulas=1),
    "class_strength": ReadModel((DRAFT_PICKS.name, COMBINE.name, PICK_VALUES.name), formulas=1),
}
"""Every read model by its table, in the order in which they are filled."""
