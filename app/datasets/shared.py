"""Fields and filters that several data sets have."""

from app.datasets.model import Field, Filter

FRANCHISE_ID = Field("franchise_id", "smallint", "the franchise that the recorded team is", required_by="lists by franchise")
COLLEGE_ID = Field("college_id", "integer", "the college that the recorded spelling means")
PERSON_ID = Field("person_id", "integer", "the person, see /people/{person_id}", required_by="identity")


def nflverse_team(origin: str = "nflverse.code", side: str = "", example: str = "LA") -> Field:
    """Return the field of the code that joins with nflverse's tables; theirs and ours differ for the Rams (LA, LAR)."""
    return Field(
        f"{side}nflverse_team",
        "text",
        "code of the franchise in nflverse's tables, the same in every season",
        example=example,
        origin=origin,
    )


NFLVERSE = "nflverse, Pro-Football-Reference"
LICENCE = "CC-BY-4.0"


POSITION = (
    "Positions as codes, roles or groups, separated by commas; each stands for every code below it. `EDGE` stands for DE and EDGE, among "
    "prospects also for outside linebackers who rushed."
)


def position_fields(leaf: str, group: str, side: str) -> tuple[Field, ...]:
    """Return the fields derived from a raw position code."""
    return (
        Field("position_leaf", "text", "one name per role", example=leaf, origin="position.leaf"),
        Field("position_group", "text", "QB RB WR TE OL DL LB DB or ST", example=group, origin="position.position_group"),
        Field("position_side", "text", "O, D or S, from the position", example=side, origin="position.side"),
    )


def college_fields(name: str, slug: str) -> tuple[Field, ...]:
    """Return the fields of the canonical college of a spelling."""
    return (
        Field("college_name", "text", "canonical name of the college", example=name, origin="college.name"),
        Field("college_slug", "text", "the college in URLs, see /colleges/{slug}", example=slug, origin="college.slug"),
    )


def person_filters(person: str, name: str, position: str, college: str) -> tuple[Filter, ...]:
    """Return filters by person; the arguments are examples, and ``person`` describes the person of a row."""
    return (
        Filter("college", "college", "College by slug, name or any known spelling.", example=college),
        Filter("position", "position", POSITION, example=position),
        Filter("group", "group", "Position group."),
        Filter("side", "side", "Offense, defense or special teams."),
        Filter("person_id", "identifier", f"{person} A former ID means the person of today."),
        Filter("q", "search", "Beginnings of words of the name; accents do not count.", example=name),
        Filter("name", "name", "The whole name; accents, case and punctuation do not count."),
    )


def outcome(name: str, description: str, label: str | None, section: str | None, place: int = 0) -> Field:
    """Return a career figure of a pick: a whole number, null where none is recorded."""
    return Field(name, "integer", description, label=label, section=section, place=place)
