"""Parameters and responses about people's measurements."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from app.athletics.scores import FIELDS
from app.datasets.combine import COMBINE
from app.listing.derived import filter_model
from app.listing.parameters import Identifier, ListParameters, Measure, Season, TableParameters, parts
from app.listing.schemas import TableModel, item_model, page_or_rows
from app.parameters import Parameters
from app.people.schemas import SelectionInShort, SelectionOutcome

FEWEST_COMPARED, MOST_COMPARED = 2, 6
_ONLY_TODAY = (
    "Percentiles, Athletic Scores and comparables are known as of today only. /api/v1/combine takes as_of and has the measurements of then."
)


class ScoreParameters(filter_model(COMBINE, ListParameters)):  # type: ignore[misc]
    """Filters of the combine list, and the range of the Athletic Score."""

    only_today = _ONLY_TODAY

    athletic_score_min: Measure | None = Field(default=None, description="Minimum Athletic Score.", examples=[9])
    athletic_score_max: Measure | None = Field(default=None, description="Maximum Athletic Score.")


ScoresPage = page_or_rows("ScoresPage", item_model("ScoresItem", FIELDS))


class PoolParameters(Parameters):
    """Which classes a person is compared with: all, unless something is chosen."""

    only_today = _ONLY_TODAY

    season_min: Season | None = Field(default=None, description="Earliest class to compare with.", examples=[2010])
    season_max: Season | None = Field(default=None, description="Latest class to compare with.")
    earlier_only: bool = Field(default=False, description="Compare only with classes before the person's own.")


class VisitParameters(PoolParameters):
    """The classes, and the visit to the combine for the few people who were there twice."""

    visit: Season | None = Field(default=None, description="Season of the visit to the combine. Default: the latest.", examples=[2019])


class ComparablesParameters(VisitParameters):
    """The classes, the visit, and the number of comparables."""

    limit: int = Field(default=10, ge=1, le=100, description="Number of comparables.")


#: Limits of one request: entries, more than in any class, and comparables of all of them. Both are seconds of work at most.
MOST_ENTRIES, MOST_COMPARABLES = 500, 25_000


class ComparablesListParameters(TableParameters):
    """How many comparables of each entry; the filters of the combine list choose the entries."""

    only_today = _ONLY_TODAY

    nearest: int = Field(default=5, ge=1, le=100, description="Number of comparables of each entry.")
    earlier_only: bool = Field(default=False, description="Compare only with classes before the entry's own.")


ComparablesListFilters = filter_model(COMBINE, ComparablesListParameters)


class ComparablesRow(BaseModel):
    """An entry, and one of the entries most like it; without any, the other side is null and ``note`` says why."""

    season: int = Field(examples=[2019])
    person_id: int
    name: str = Field(examples=["D.K. Metcalf"])
    scope: str = Field(description="The role.", examples=["WR"])
    n: int = Field(description="Entries that share enough measurements.", examples=[990])
    rank: int | None = Field(description="1 for the nearest.", examples=[1])
    other_season: int | None = Field(examples=[2003])
    other_person_id: int | None
    other_name: str | None = Field(examples=["Andre Johnson"])
    other_school: str | None = Field(examples=["Miami (FL)"])
    distance: float | None = Field(description="Root of the mean squared difference of z-scores.", examples=[0.4828])
    similarity: float | None = Field(description="100·e^−distance", examples=[61.71])
    shared: int | None = Field(description="Measurements that both have.", examples=[5])
    note: str | None


class ComparablesTable(TableModel):
    """The comparables of many entries."""

    items: list[ComparablesRow]


def _each_once(ids: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(ids)) != len(ids):
        raise ValueError("must not name a person twice")
    return ids


class CompareParameters(PoolParameters):
    """Two to six people, and the classes that they are compared with."""

    ids: Annotated[
        Annotated[tuple[Identifier, ...], Field(min_length=FEWEST_COMPARED, max_length=MOST_COMPARED)],
        BeforeValidator(parts),
        AfterValidator(_each_once),
        WithJsonSchema({"type": "string", "pattern": f"^[0-9]+(,[0-9]+){{1,{MOST_COMPARED - 1}}}$"}),
    ] = Field(description="IDs of two to six people, separated by commas.", examples=["1,2"])


class Classes(BaseModel):
    """The classes that were compared with."""

    season_min: int | None = Field(description="Earliest class; null: no bound.")
    season_max: int | None = Field(description="Latest class; null: no bound.", examples=[2018])


class Measured(BaseModel):
    """One measurement among others; ``note`` says why something is null, or why the position group was used."""

    drill: str = Field(description="height_in, wt, forty, bench, vertical, broad_jump, cone or shuttle", examples=["forty"])
    value: float | None = Field(examples=[4.33])
    percentile: float | None = Field(description="100·(lower + equal/2)/n, reversed for times: more is better.", examples=[96.26])
    n: int = Field(description="Values compared.", examples=[1162])
    scope: str | None = Field(description="The role, or the position group where the role has fewer than 20 values.", examples=["WR"])
    note: str | None = Field(examples=[None])


class Score(BaseModel):
    """The Athletic Score of a visit."""

    score: float | None = Field(description="From 0 to 10; the median is 5.", examples=[9.208])
    mean: float | None = Field(description="Mean score of the measurements, before they are ranked.", examples=[7.196])
    metrics: int = Field(description="Measurements of the eight.", examples=[8])
    n: int = Field(description="Entries of the role that were ranked.", examples=[991])
    scope: str | None = Field(description="The role.", examples=["WR"])
    note: str | None = Field(description="Why the score is null.", examples=[None])


class Subject(BaseModel):
    """The person, and the visit to the combine that the numbers are about; without one there are none."""

    person_id: int
    name: str = Field(examples=["D.K. Metcalf"])
    visit: int | None = Field(description="Season of the visit.", examples=[2019])
    visits: list[int] = Field(description="All visits of the person.", examples=[[2019]])
    pos: str | None = Field(description="Position code at that visit.", examples=["WR"])
    position_leaf: str | None = Field(examples=["WR"])
    position_group: str | None = Field(examples=["WR"])
    school: str | None = Field(examples=["Mississippi"])


class PersonVisit(Subject):
    """A person's visit, and the classes that it is compared with."""

    classes: Classes
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool


class PersonPercentiles(PersonVisit):
    """What a person measured, as percentiles."""

    drills: list[Measured]


class PersonScore(PersonVisit):
    """A person's Athletic Score."""

    athletic_score: Score


class Comparable(BaseModel):
    """An entry of the same role, and how near it is."""

    person_id: int
    name: str = Field(examples=["Andre Johnson"])
    season: int = Field(examples=[2003])
    pos: str = Field(examples=["WR"])
    school: str | None = Field(examples=["Miami"])
    distance: float = Field(description="Root of the mean squared difference of z-scores.", examples=[0.4828])
    similarity: float = Field(description="100·e^−distance", examples=[61.71])
    shared: int = Field(description="Measurements that both have.", examples=[5])
    values: dict[str, float | None] = Field(examples=[{"forty": 4.4}])
    selections: list[SelectionInShort] = Field(description="Draft selections; empty for the undrafted.")


class PersonComparables(PersonVisit):
    """The entries most like a person's; ``note`` says why there are none."""

    n: int = Field(description="Entries that share enough measurements.", examples=[990])
    scope: str | None = Field(description="The role.", examples=["WR"])
    note: str | None
    values: dict[str, float | None] = Field(description="What the person measured.", examples=[{"forty": 4.33}])
    comparables: list[Comparable]


class Compared(Subject):
    """One of the people side by side."""

    classes: Classes
    drills: list[Measured]
    athletic_score: Score
    selections: list[SelectionOutcome] = Field(description="Draft selections with their outcomes; empty without one in the draft file.")


class Comparison(BaseModel):
    """People side by side, in the order of the request, each among the entries of his own role."""

    people: list[Compared]
    dataset_version: str = Field(examples=["3.2"])
    synthetic: bool
