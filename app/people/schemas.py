"""Parameters of the routes about people, and the shape of one person."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.datasets.shared import POSITION
from app.listing.model import Row
from app.listing.parameters import AsOf, FilterText, Group, PageParameters, Season, Several
from app.listing.schemas import documented_as, item_model, like, page_model
from app.parameters import Parameters
from app.people.queries import CAREER_FIELDS, CAREERS, FIELDS, PICKS, SELECTION_FIELDS

#: Entries of a position with fewer measured values than this are compared with the whole position group.
FEWEST_FOR_A_LEAF = 20
#: Less is better.
TIMES = frozenset({"forty", "cone", "shuttle"})


class PeopleParameters(PageParameters):
    """Filters; a row must match all of them."""

    q: FilterText | None = Field(
        default=None, description="Beginnings of words of a name or alias; accents do not count.", examples=["amare bar"]
    )
    name: FilterText | None = Field(
        default=None, description="The whole name or alias; accents, case and punctuation do not count.", examples=["Byron Young"]
    )
    position: Several[FilterText] | None = Field(default=None, description=POSITION, examples=["DL"])
    group: Several[Group] | None = Field(default=None, description="Position group.")
    college: Several[FilterText] | None = Field(default=None, description="College by slug, name or any known spelling.")
    season: Several[Season] | None = Field(default=None, description="Selected, or at the combine, in this season.")
    pfr_id: Several[FilterText] | None = Field(default=None, description="Pro-Football-Reference id.", examples=["BurrJo01"])
    gsis_id: Several[FilterText] | None = Field(default=None, description="GSIS id.", examples=["00-0036442"])
    esb_id: Several[FilterText] | None = Field(default=None, description="ESB id.")
    cfb_id: Several[FilterText] | None = Field(default=None, description="College-football reference id.")


class PersonParameters(Parameters):
    """When."""

    as_of: AsOf = None


PERSON_SELECTION = item_model("PersonSelection", {name: PICKS.fields[name] for name in SELECTION_FIELDS})
PERSON_CAREER = item_model("PersonCareer", {name: CAREERS.fields[name] for name in CAREER_FIELDS})


class Place(BaseModel):
    """Where a value stands among entries of the same position."""

    percentile: float = Field(description="100·(lower + equal/2)/total, reversed for times: more is better.", examples=[96.26])
    total: int = Field(description="Values compared.", examples=[1162])
    scope: str = Field(description="`leaf`, or `group` when the leaf has fewer than 20 values.", examples=["leaf"])
    position: str = Field(description="The leaf or group used for the comparison.", examples=["WR"])
    note: str | None = Field(default=None, description="Why the group was used.")


class Drill(BaseModel):
    """One measurement. ``place`` is null when there is nothing to compare with, and as of a load."""

    drill: str = Field(description="height_in, wt, forty, bench, vertical, broad_jump, cone or shuttle", examples=["forty"])
    value: float = Field(examples=[4.33])
    place: Place | None


class CombineEntry(BaseModel):
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
    drills: list[Drill] = []

    @property
    def compared_with_group(self) -> bool:
        """Whether a drill stands among those of the position group, as its own position has too few."""
        places = [drill.place for drill in self.drills if drill.place]
        return any(place.scope == "group" and place.position != self.position_leaf for place in places)


class Alias(BaseModel):
    """A spelling, and the dataset that uses it."""

    name: str
    dataset: str


class ExternalId(BaseModel):
    """An identifier of another source, with the classes in which it was used."""

    type: str = Field(description="gsis, esb, pfr or cfb", examples=["pfr"])
    value: str = Field(examples=["BurrJo01"])
    first_season: int
    last_season: int


class Conflict(BaseModel):
    """A doubt about who is who that waits for, or has had, a person's decision."""

    conflict_id: int
    reason: str
    id_type: str
    value: str
    state: str = Field(description="open, same_person, different_people, or settled: it no longer holds")
    other_person_id: int
    other_name: str | None


class PersonDetail(BaseModel):
    """Everything about one person. A selection has every field of the draft picks list."""

    person_id: int = documented_as(FIELDS["person_id"])
    name: str = documented_as(FIELDS["name"])
    position: str | None = documented_as(FIELDS["position"])
    position_leaf: str | None = documented_as(FIELDS["position_leaf"])
    position_group: str | None = documented_as(FIELDS["position_group"])
    college: str | None = documented_as(FIELDS["college"])
    college_slug: str | None = documented_as(FIELDS["college_slug"])
    first_season: int = documented_as(FIELDS["first_season"])
    last_season: int = documented_as(FIELDS["last_season"])
    synthetic: bool = documented_as(FIELDS["synthetic"])
    aliases: list[Alias]
    external_ids: list[ExternalId]
    selections: list[Annotated[Row, like(PERSON_SELECTION)]]
    careers: list[Annotated[Row, like(PERSON_CAREER)]] = Field(
        description="Birth date, ids, seasons in the league and how it began, as the list of players has them; empty without a record."
    )
    combine: list[CombineEntry]
    conflicts: list[Conflict]
    former_ids: list[int] = Field(description="Other ids that this person had; they lead here.")
    dataset_version: str


class SelectionInShort(BaseModel):
    """A selection in short."""

    season: int = Field(examples=[2020])
    round: int = Field(examples=[1])
    pick: int = Field(examples=[1])
    team: str = Field(examples=["CIN"])
    franchise: str | None = Field(examples=["CIN"])
    nflverse_team: str | None = Field(description="Code in nflverse's tables.", examples=["CIN"])


class SelectionOutcome(SelectionInShort):
    """A selection, and what became of it; null where the source has no record."""

    games: int | None = documented_as(PICKS.fields["games"])
    seasons_started: int | None = documented_as(PICKS.fields["seasons_started"])
    probowls: int | None = documented_as(PICKS.fields["probowls"])
    w_av: int | None = documented_as(PICKS.fields["w_av"])


class PersonItem(item_model("PersonFields", FIELDS)):  # type: ignore[misc] # derived from the declared fields
    """One person of the list."""

    selections: list[SelectionInShort] = Field(default=[], description="Draft selections, oldest first.")


class PeoplePage(page_model("PeopleFound", PersonItem)):  # type: ignore[misc] # derived from the declared fields
    """One page of people."""

    suggestions: list[str] | None = Field(
        default=None,
        description="Only if `q` is the one filter and no name matches: names that may be meant.",
        examples=[["Patrick Mahomes"]],
    )
