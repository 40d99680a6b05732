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
    #: It is filled if these data sets have at least so many rows: fewer are read as fast.
    from_rows: int = 0

    @property
    def definition(self) -> int:
        """The number that the database records; that of the formulas alone where nothing is copied."""
        if not self.copies:
            return self.formulas
        return crc32(f"{self.formulas} {' '.join(self.copies)}".encode()) >> 1  # its column is a signed integer


#: The fields of selections, combine entries and prospects whose values are counted and summed.
COUNTED = ("age", "w_av", "games", *DRILLS)

#: Ten times the real data, which an aggregate reads in a few milliseconds.
MANY_ROWS = 200_000
_PROSPECT_ROW = ReadModel(PROSPECTS.made_of, formulas=3, copies=OUTCOMES)

READ_MODELS: Mapping[str, ReadModel] = {
    "prospect_row": _PROSPECT_ROW,
    # made of the rows of the one before, so another definition of that one is another one of these
    "value_count": ReadModel(PROSPECTS.made_of, 2, (str(_PROSPECT_ROW.definition), *OUTCOMES), MANY_ROWS),
    "group_sum": ReadModel(PROSPECTS.made_of, 1, (str(_PROSPECT_ROW.definition), *OUTCOMES), MANY_ROWS),
    "entry_score": ReadModel((COMBINE.name,), formulas=1),
    "class_strength": ReadModel((DRAFT_PICKS.name, COMBINE.name, PICK_VALUES.name), formulas=1),
}
"""Every read model by its table, in the order in which they are filled."""
