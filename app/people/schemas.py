"""Parameters of the people addresses, and the shape of one person."""

from __future__ import annotations

import msgspec
from pydantic import BaseModel, Field

from app.draft_picks.queries import FIELDS as PICK_FIELDS
from app.listing.model import Row
from app.listing.parameters import FilterText, Group, PageParameters, Season
from app.listing.schemas import item_model, page_model
from app.people.queries import FIELDS, SELECTION_LEAVES_OUT

#: Entries of a position with fewer measured values than this are compared with the whole position group.
FEWEST_FOR_A_LEAF = 20
#: Less is better.
TIMES = frozenset({"forty", "cone", "shuttle"})


class PeopleParameters(PageParameters):
    """Filters; all given ones must hold."""

    q: FilterText | None = Field(
        default=None, description="Words that start words of a name or alias; accents do not count.", examples=["amare bar"]
    )
    name: FilterText | None = Field(
        default=None, description="The whole name or alias; accents, case and punctuation do not count.", examples=["Byron Young"]
    )
    position: FilterText | None = Field(
        default=None, description="Any position code; every code of the same role matches.", examples=["DL"]
    )
    group: Group | None = Field(default=None, description="Position group.")
    college: FilterText | None = Field(default=None, description="College by slug, name or any known spelling.")
    season: Season | None = Field(default=None, description="Selected, or at the combine, in this season.")
    pfr_id: FilterText | None = Field(default=None, description="Pro-Football-Reference id.", examples=["BurrJo01"])
    gsis_id: FilterText | None = Field(default=None, description="GSIS id.", examples=["00-0036442"])
    esb_id: FilterText | None = Field(default=None, description="ESB id.")
    cfb_id: FilterText | None = Field(default=None, description="College-football reference id.")


# --- what services return ------------------------------------------------------------------------------------------------------


class Place(msgspec.Struct, frozen=True):
    """Where a value stands: 100·(lower + equal/2)/total, turned round for times, so that more is always better."""

    percentile: float
    total: int
    scope: str
    position: str
    note: str | None = None


class Drill(msgspec.Struct, frozen=True):
    """One measurement. ``place`` is ``None`` when there is nothing to compare with."""

    drill: str
    value: float
    place: Place | None


class CombineEntry(msgspec.Struct, frozen=True):
    """One visit to the combine."""

    season: int
    player_name: str
    pos: str
    school: str | None
    ht: str | None
    position_leaf: str | None
    position_group: str | None
    draft_year: int | None
    draft_team: str | None
    draft_round: int | None
    draft_ovr: int | None
    drills: list[Drill] = []


class Alias(msgspec.Struct, frozen=True):
    """A spelling, and the dataset that uses it."""

    name: str
    dataset: str


class ExternalId(msgspec.Struct, frozen=True):
    """An identifier of somebody else's, with the classes in which a source used it."""

    type: str
    value: str
    first_season: int
    last_season: int


class Conflict(msgspec.Struct, frozen=True):
    """A doubt about who is who that waits for, or has had, a person's decision."""

    conflict_id: int
    reason: str
    id_type: str
    value: str
    state: str
    other_person_id: int
    other_name: str | None


class PersonDetail(msgspec.Struct, frozen=True):
    """Everything about one person. A selection has every field of the draft picks list."""

    person_id: int
    name: str
    position: str | None
    position_leaf: str | None
    position_group: str | None
    college: str | None
    college_slug: str | None
    first_season: int
    last_season: int
    synthetic: bool
    aliases: list[Alias]
    external_ids: list[ExternalId]
    selections: list[Row]
    combine: list[CombineEntry]
    conflicts: list[Conflict]
    dataset_version: str


# --- what OpenAPI says ---------------------------------------------------------------------------------------------------------


class SelectionModel(BaseModel):
    """A selection in short."""

    season: int = Field(examples=[2020])
    round: int = Field(examples=[1])
    pick: int = Field(examples=[1])
    team: str = Field(examples=["CIN"])
    franchise: str | None = Field(examples=["CIN"])


class PlaceModel(BaseModel):
    """Where a value stands among entries of the same position."""

    percentile: float = Field(description="100·(lower + equal/2)/total, turned round for times: more is better.", examples=[96.26])
    total: int = Field(description="Values compared.", examples=[1162])
    scope: str = Field(description="`leaf`, or `group` when the leaf has fewer than 20 values.", examples=["leaf"])
    position: str = Field(description="The leaf or group compared with.", examples=["WR"])
    note: str | None = Field(description="Why the group was taken.")


class DrillModel(BaseModel):
    """One measurement."""

    drill: str = Field(description="height_in, wt, forty, bench, vertical, broad_jump, cone or shuttle", examples=["forty"])
    value: float = Field(examples=[4.33])
    place: PlaceModel | None


class CombineEntryModel(BaseModel):
    """One visit to the combine."""

    season: int = Field(examples=[2019])
    player_name: str = Field(examples=["D.K. Metcalf"])
    pos: str = Field(examples=["WR"])
    school: str | None
    ht: str | None = Field(examples=["6-3"])
    position_leaf: str | None
    position_group: str | None
    draft_year: int | None
    draft_team: str | None
    draft_round: int | None
    draft_ovr: int | None
    drills: list[DrillModel]


class AliasModel(BaseModel):
    """A spelling."""

    name: str
    dataset: str


class ExternalIdModel(BaseModel):
    """An identifier of somebody else's."""

    type: str = Field(description="gsis, esb, pfr or cfb", examples=["pfr"])
    value: str = Field(examples=["BurrJo01"])
    first_season: int
    last_season: int


class ConflictModel(BaseModel):
    """A doubt about who is who."""

    conflict_id: int
    reason: str
    id_type: str
    value: str
    state: str = Field(description="open, same_person or different_people")
    other_person_id: int
    other_name: str | None


_Person = item_model("PersonFields", FIELDS)
_Selection = item_model("PersonSelection", {name: each for name, each in PICK_FIELDS.items() if name not in SELECTION_LEAVES_OUT})


class PersonItem(_Person):  # type: ignore[misc, valid-type]
    """One person of the list."""

    selections: list[SelectionModel] = Field(default=[], description="Draft selections, oldest first.")


class PersonModel(_Person):  # type: ignore[misc, valid-type]
    """Everything about one person."""

    aliases: list[AliasModel]
    external_ids: list[ExternalIdModel]
    selections: list[_Selection]  # type: ignore[valid-type]
    combine: list[CombineEntryModel]
    conflicts: list[ConflictModel]
    dataset_version: str


PeoplePage = page_model("PeoplePage", PersonItem)
