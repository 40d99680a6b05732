"""The ids of every person in one row: what joins other data sets with ours.

Made of the data sets that have people, so nothing is loaded or stored. Its rows are written as an export; the list ``person-ids`` has the
same ids one by one, with their seasons.
"""

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset, Field, Gates
from app.datasets.players import PLAYERS
from app.datasets.shared import LICENCE, NFLVERSE, PERSON_ID

#: Between several ids in one cell.
SEPARATOR = ";"
#: The kinds of ids, each of which has a column.
ID_TYPES = ("gsis", "esb", "pfr", "cfb")
_SEVERAL = f"several, the earliest first, are separated by `{SEPARATOR}`"
_IDS = (
    ("gsis", "id of the league's game statistics", "00-0036442"),
    ("esb", "id of the Elias Sports Bureau", "BUR694735"),
    ("pfr", "Pro-Football-Reference id", "BurrJo01"),
    ("cfb", "college-football reference id", "joe-burrow-1"),
)

PERSON_IDS = Dataset(
    name="person_ids",
    title="person ids",
    rows="people",
    about="Every id of a person in one row, also those that the person had here before a merge.",
    table="person",
    made_of=(DRAFT_PICKS.name, COMBINE.name, PLAYERS.name),
    fields=(
        PERSON_ID,
        Field("name", "text", "name as most recently recorded", example="Joe Burrow", required_by="identity"),
        Field("first_season", "integer", "earliest draft class or combine", example=2020, required_by="identity"),
        Field("last_season", "integer", "latest draft class or combine", example=2020, required_by="identity"),
        *(Field(f"{kind}_id", "text", f"{about}; {_SEVERAL}", example=example) for kind, about, example in _IDS),
        Field("former_ids", "text", f"values of `person_id` that lead to this person since a merge; {_SEVERAL}"),
    ),
    key=("person_id",),
    gates=Gates(telling=()),
    source=NFLVERSE,
    licence=LICENCE,
    file_stem="person_ids",
    only_today=(
        "The person ids are known as of today only: loads and decisions change them without keeping the earlier ones. "
        "/api/v1/people/{person_id}/history has the ids in the records of one person then, "
        "/api/v1/identity/decisions has merges and splits."
    ),
)
