"""The list of combine entries: fields, where they come from, and its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Integer, and_, bindparam, or_, select

from app.db.tables import college, combine_entry, draft_pick, franchise, position, team_era
from app.listing.filters import at_least, at_most, equals, from_number, has_name, matches_search, one_of, to_number
from app.listing.model import FieldInfo, Join, Kind, Listing, Source, described

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, FromClause

FIELDS = described(
    FieldInfo("season", Kind.INTEGER, "year of the combine", required=True, example=2019),
    FieldInfo("draft_year", Kind.INTEGER, "draft class, when drafted", example=2019),
    FieldInfo("draft_team", Kind.TEXT, "team that drafted him, as recorded", example="Seattle Seahawks"),
    FieldInfo("draft_round", Kind.INTEGER, "round, when drafted", example=2),
    FieldInfo("draft_ovr", Kind.INTEGER, "overall number, when drafted", example=64),
    FieldInfo("pfr_id", Kind.TEXT, "Pro-Football-Reference id"),
    FieldInfo("cfb_id", Kind.TEXT, "college-football reference id"),
    FieldInfo("player_name", Kind.TEXT, "name as recorded", required=True),
    FieldInfo("pos", Kind.TEXT, "position code as recorded", required=True, example="WR"),
    FieldInfo("school", Kind.TEXT, "college as recorded", example="Mississippi"),
    FieldInfo("ht", Kind.TEXT, "height as recorded, feet-inches", example="6-3"),
    FieldInfo("wt", Kind.INTEGER, "weight in pounds", example=228),
    FieldInfo("forty", Kind.NUMBER, "40 yards in seconds", example=4.33),
    FieldInfo("bench", Kind.INTEGER, "bench press repetitions at 225 lb", example=27),
    FieldInfo("vertical", Kind.NUMBER, "vertical jump in inches", example=40.5),
    FieldInfo("broad_jump", Kind.INTEGER, "broad jump in inches", example=134),
    FieldInfo("cone", Kind.NUMBER, "three-cone drill in seconds", example=7.38),
    FieldInfo("shuttle", Kind.NUMBER, "20-yard shuttle in seconds", example=4.5),
    FieldInfo("height_in", Kind.INTEGER, "height in inches", example=75),
    FieldInfo("person_id", Kind.INTEGER, "the person, see /people/{person_id}", required=True),
    FieldInfo("franchise", Kind.TEXT, "today's code of the franchise that drafted him", example="SEA"),
    FieldInfo("position_leaf", Kind.TEXT, "one name per role", example="WR"),
    FieldInfo("position_group", Kind.TEXT, "QB RB WR TE OL DL LB DB or ST", example="WR"),
    FieldInfo("position_side", Kind.TEXT, "O, D or S, from the position", example="O"),
    FieldInfo("college_name", Kind.TEXT, "canonical name of the college", example="Mississippi"),
    FieldInfo("college_slug", Kind.TEXT, "the college in addresses, see /colleges/{slug}", example="mississippi"),
    FieldInfo("name", Kind.TEXT, "the same as player_name", required=True, example="D.K. Metcalf"),
)
#: The columns of the export files; the recorded team says which franchise it was.
EXPORT_FIELDS = tuple(name for name in FIELDS if name not in ("name", "franchise"))
DEFAULT_FIELDS = (
    "season", "person_id", "name", "pos", "position_leaf", "position_group", "school", "college_slug", "ht", "height_in", "wt", "forty",
    "bench", "vertical", "broad_jump", "cone", "shuttle", "draft_year", "draft_round", "draft_ovr", "draft_team", "franchise",
)  # fmt: skip

#: Team names as the combine writes them, with the seasons in which they meant the franchise.
_TEAMS = (
    select(team_era.c.code.label("team_name"), team_era.c.first_season, team_era.c.last_season, franchise.c.code.label("franchise"))
    .join_from(team_era, franchise, franchise.c.franchise_id == team_era.c.franchise_id)
    .where(team_era.c.system == "name")
    .subquery("drafting_team")
)


def _source(base: FromClause) -> Source:
    expressions: dict[str, ColumnElement[object]] = {name: base.c[name] for name in EXPORT_FIELDS if name in combine_entry.c}
    expressions |= {
        "name": base.c.player_name,
        "franchise": _TEAMS.c.franchise,
        "position_leaf": position.c.leaf,
        "position_group": position.c.position_group,
        "position_side": position.c.side,
        "college_name": college.c.name,
        "college_slug": college.c.slug,
    }
    in_use = and_(
        _TEAMS.c.team_name == base.c.draft_team,
        _TEAMS.c.first_season <= base.c.draft_year,
        or_(_TEAMS.c.last_season.is_(None), _TEAMS.c.last_season >= base.c.draft_year),
    )
    return Source(
        base=base,
        expressions=expressions,
        joins={
            "team": Join(_TEAMS, in_use),
            "position": Join(position, position.c.code == base.c.pos),
            "college": Join(college, college.c.college_id == base.c.college_id),
        },
        needs={
            "franchise": "team",
            "position_leaf": "position",
            "position_group": "position",
            "position_side": "position",
            "college_name": "college",
            "college_slug": "college",
        },
    )


def _drafted(base: FromClause) -> ColumnElement[bool]:
    """By the person, not by what the combine file recorded: the latest class has no draft results there."""
    return base.c.person_id.in_(select(draft_pick.c.person_id)) == bindparam("drafted", type_=Boolean)


def _drafted_by(base: FromClause) -> ColumnElement[bool]:
    """By the person as well."""
    chosen = draft_pick.c.franchise_id == bindparam("franchise", type_=Integer)
    return base.c.person_id.in_(select(draft_pick.c.person_id).where(chosen))


#: Range filters: the parameter's stem and the column it is about.
RANGES = {
    "height": "height_in",
    "weight": "wt",
    "forty": "forty",
    "bench": "bench",
    "vertical": "vertical",
    "broad_jump": "broad_jump",
    "cone": "cone",
    "shuttle": "shuttle",
}


def _range_filters() -> dict[str, Callable[[FromClause], ColumnElement[bool]]]:
    lowest = {f"{stem}_min": at_least(column, f"{stem}_min") for stem, column in RANGES.items()}
    return lowest | {f"{stem}_max": at_most(column, f"{stem}_max") for stem, column in RANGES.items()}


LISTING = Listing(
    name="combine",
    table=combine_entry,
    source=_source,
    fields=FIELDS,
    default_fields=DEFAULT_FIELDS,
    export_fields=EXPORT_FIELDS,
    tie_break=("season", "person_id"),
    filters={
        "season": equals("season", "season"),
        "season_min": from_number("season", "season_min"),
        "season_max": to_number("season", "season_max"),
        "draft_year": equals("draft_year", "draft_year"),
        "drafted": _drafted,
        "franchise": _drafted_by,
        "college": equals("college_id", "college"),
        "position": one_of("pos", "position"),
        "group": one_of("pos", "group"),
        "side": one_of("pos", "side"),
        "person_id": equals("person_id", "person_id"),
        "q": matches_search("q"),
        "name": has_name("name"),
        **_range_filters(),
    },
)
