"""Prospects: the combine entry, the selection and the career of a person in one row, drafted or not.

Made of two data sets, so nothing is loaded or stored: ``app.prospects.queries`` joins the rows of ``draft_picks`` and ``combine``. Every
selection and every combine entry is in exactly one row. A selection and the last entry of the same person up to that year share theirs.
"""

from __future__ import annotations

from dataclasses import replace

from app.datasets.combine import COMBINE, DRILLS
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset, Field, Filter, FilterType, Gates, People
from app.datasets.shared import (
    COLLEGE_ID,
    FRANCHISE_ID,
    LICENCE,
    NFLVERSE,
    PERSON_ID,
    college_fields,
    nflverse_team,
    person_filters,
    position_fields,
)

#: Career figures of a selection, from the Hall of Fame to sacks.
OUTCOMES = ("hof", *(field.name for field in DRAFT_PICKS.fields[DRAFT_PICKS.field_names.index("to") :]))
#: What the derived measures need.
INPUTS = ("height_in", "wt", "forty", "vertical", "broad_jump", "cone", "shuttle")
#: A linebacker with so many sacks per game, in so many games, rushes the passer.
EDGE_SACKS, EDGE_GAMES = 0.25, 16

DERIVED = (
    Field(
        "speed_score",
        "number",
        "200 x weight / forty^4, in pounds and seconds; 100 is an average running back (Bill Barnwell, Pro Football Prospectus 2008)",
        example=129.72,
    ),
    Field(
        "burst_score", "number", "vertical plus broad jump, in inches (the jumps of PlayerProfiler's Burst Score)", unit="in", example=174.5
    ),
    Field("bmi", "number", "body mass index: 703 x weight / height^2, in pounds and inches (CDC)", unit="kg/m2", example=28.49),
    Field("agility_sum", "number", "cone plus shuttle (PlayerProfiler's Agility Score)", unit="s", example=11.88),
)
"""Measures that follow from the drills, rounded to two decimals."""


#: Whole numbers of a selection whose ends of a range can be asked for as such.
_COUNTS = ("round", "pick", "age")


def _taken(source: Dataset, *names: str) -> tuple[Field, ...]:
    """Return fields of a data set as they are here: each is null in a row without that side."""
    fields = {field.name: field for field in source.stored}
    return tuple(replace(fields[name], required_by=None, stable=False) for name in names)


_FIELDS = (
    Field(
        "season",
        "integer",
        "draft class, or the year of the combine without a selection",
        low=1936,
        high=2100,
        example=2019,
        required_by="the key",
    ),
    Field("name", "text", "name as recorded with the selection, or else at the combine", example="D.K. Metcalf", required_by="identity"),
    Field(
        "drafted",
        "boolean",
        "whether the person was selected in a draft; true also for an earlier visit, whose row has no pick",
        example=True,
        required_by="lists of the undrafted",
    ),
    Field("measured", "boolean", "whether the row has a combine entry", example=True, required_by="lists of combine participants"),
    *_taken(DRAFT_PICKS, "round", "pick", "team"),
    Field("pfr_id", "text", "Pro-Football-Reference id"),
    *_taken(DRAFT_PICKS, "gsis_id"),
    Field("cfb_id", "text", "college-football reference id"),
    Field(
        "position",
        "text",
        "position code as recorded at the combine, which tells more kinds apart, or else with the selection",
        example="WR",
        required_by="the position group",
    ),
    Field("draft_position", "text", "position code as recorded with the selection", example="WR"),
    Field(
        "edge",
        "boolean",
        f"edge rusher: DE or EDGE by either code, or OLB by either code with at least {EDGE_SACKS} sacks per game in {EDGE_GAMES} games or "
        f"more; null for an OLB with fewer games or without a record, which decides nothing",
        example=False,
    ),
    Field("college", "text", "college as recorded with the selection, or else at the combine", example="Mississippi"),
    *_taken(DRAFT_PICKS, "age", *OUTCOMES),
    *_taken(COMBINE, "ht", *DRILLS),
    *DERIVED,
    Field(
        "missing",
        "text",
        "why a derived measure is null: `no combine entry`, or which of its inputs were not measured",
        example="cone, shuttle",
    ),
)

_MEASURED = {field.name: field for field in _FIELDS}
_CALLED = {"height_in": "height", "wt": "weight"}


def _range(name: str) -> tuple[Filter, Filter]:
    """Return the two filters of the range of a field."""
    field = _MEASURED[name]
    kind: FilterType = "count" if name in _COUNTS else "season" if name == "to" else "amount" if name in OUTCOMES else "measure"
    about = field.description.partition(":")[0]
    unit = f", in {field.unit}" if field.unit and " in " not in about else ""
    lowest, highest = (
        Filter(f"{_CALLED.get(name, name)}_{end}", kind, f"{word} of {name} ({about}{unit}).", field=name)
        for end, word in (("min", "Minimum"), ("max", "Maximum"))
    )
    return lowest, highest


_RANGES = (
    *_COUNTS,
    *(name for name in OUTCOMES if _MEASURED[name].type in ("integer", "smallint", "number")),
    *DRILLS,
    *(field.name for field in DERIVED),
)

PROSPECTS = Dataset(
    name="prospects",
    title="prospects",
    rows="prospects",
    about="Combine entry, selection and career of a person in one row, drafted or not.",
    table="prospect",
    made_of=(DRAFT_PICKS.name, COMBINE.name),
    fields=_FIELDS,
    computed=(FRANCHISE_ID, PERSON_ID, COLLEGE_ID),
    joined=(
        Field("franchise", "text", "today's code of the franchise that made the pick", example="SEA", origin="franchise.code"),
        nflverse_team(example="SEA"),
        *position_fields("WR", "WR", "O"),
        *college_fields("Mississippi", "mississippi"),
    ),
    key=("season", "person_id"),
    season="season",
    people=People("name", "position", ()),
    gates=Gates(telling=()),
    filters=(
        Filter("season", "season", "Draft class, or the year of the combine.", example=2019),
        Filter("season_min", "season", "Earliest class."),
        Filter("season_max", "season", "Latest class."),
        Filter("drafted", "flag", "Whether the person was selected in a draft."),
        Filter("measured", "flag", "Whether the row has a combine entry."),
        Filter("round", "count", "Round; up to 12 before 1993.", example=2),
        Filter("pick", "count", "Overall number within the class."),
        Filter(
            "franchise",
            "franchise",
            "Franchise that made the pick, by today's code (`KC`), slug (`chiefs`), name, or a historic code.",
            example="seahawks",
            year_from=("season",),
        ),
        Filter("team", "text", "Team code exactly as recorded.", example="SEA"),
        *person_filters("The person.", name="metcalf", position="WR", college="mississippi"),
        Filter("draft_position", "position", "Position of the selection, as codes, roles or groups.", field="draft_position"),
        Filter("edge", "flag", "Whether the person is an edge rusher, where that is known."),
        Filter("hof", "flag", "In the Hall of Fame."),
        *(each for name in _RANGES for each in _range(name)),
    ),
    page_fields=(
        *("season", "person_id", "name", "position", "position_leaf", "position_group", "edge", "college", "college_slug", "drafted"),
        *(
            "round",
            "pick",
            "franchise",
            "nflverse_team",
            "age",
            "to",
            "games",
            "seasons_started",
            "probowls",
            "allpro",
            "hof",
            "w_av",
            "measured",
        ),
        *(*DRILLS, *(field.name for field in DERIVED), "missing"),
    ),
    command_fields=(
        *("season", "name", "position", "college", "round", "pick", "ht", "wt", "forty", "vertical", "broad_jump", "cone", "shuttle"),
        *("speed_score", "games", "w_av", "person_id"),
    ),
    source=NFLVERSE,
    licence=LICENCE,
    file_stem="prospects",
)

#: What aggregates read most; PostgreSQL finds it fastest at the beginning of a row. The name, which they read least, is at its end.
_FIRST = ("season", "round", "position", "franchise_id", "w_av", *DRILLS)
_LEFT_OUT = ("edge", *(field.name for field in DERIVED))  # follow from the others
_STORED = {
    field.name: field
    for field in PROSPECTS.stored
    if field.name not in _LEFT_OUT and (field.type != "text" or field.name in ("position", "draft_position", "team", "name"))
}
NARROW = tuple(_STORED[name] for name in (*dict.fromkeys((*_FIRST, *(name for name in _STORED if name != "name"))), "name"))
"""The fields that are stored for aggregates: everything that is counted, measured or filtered, and does not follow from other fields."""
