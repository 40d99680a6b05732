"""The list of draft picks: fields, where they come from, and its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.db.tables import OUTCOME_INTEGERS, college, draft_pick, franchise, position
from app.listing.filters import equals, flag, from_number, has_name, is_text, matches_search, one_of, to_number
from app.listing.model import FieldInfo, Join, Kind, Listing, Source, described

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause

_OUTCOMES = {
    "to": "last season played",
    "allpro": "first-team All-Pro selections",
    "probowls": "Pro Bowls",
    "seasons_started": "seasons as primary starter",
    "w_av": "weighted career Approximate Value",
    "car_av": "career Approximate Value; empty in the source",
    "dr_av": "Approximate Value for the team that drafted him",
    "games": "games played",
}

FIELDS = described(
    FieldInfo("season", Kind.INTEGER, "draft class", required=True, example=2020),
    FieldInfo("round", Kind.INTEGER, "round, 1 to 12", required=True, example=1),
    FieldInfo("pick", Kind.INTEGER, "overall number within the class", required=True, example=1),
    FieldInfo("team", Kind.TEXT, "team code as recorded; means a franchise only together with the season", required=True, example="CIN"),
    FieldInfo("gsis_id", Kind.TEXT, "as recorded: a GSIS id or an ESB id"),
    FieldInfo("pfr_player_id", Kind.TEXT, "Pro-Football-Reference id"),
    FieldInfo("cfb_player_id", Kind.TEXT, "college-football reference id"),
    FieldInfo("pfr_player_name", Kind.TEXT, "name as recorded", required=True),
    FieldInfo("hof", Kind.BOOLEAN, "in the Hall of Fame", required=True, example=False),
    FieldInfo("position", Kind.TEXT, "position code as recorded", required=True, example="QB"),
    FieldInfo("category", Kind.TEXT, "position category as recorded"),
    FieldInfo("side", Kind.TEXT, "side as recorded: O, D or S"),
    FieldInfo("college", Kind.TEXT, "college as recorded", example="LSU"),
    FieldInfo("age", Kind.INTEGER, "age in the draft year", example=23),
    *(FieldInfo(name, Kind.INTEGER, _OUTCOMES.get(name, name.replace("_", " "))) for name in OUTCOME_INTEGERS),
    FieldInfo("def_sacks", Kind.NUMBER, "sacks"),
    FieldInfo("person_id", Kind.INTEGER, "the person, see /people/{person_id}", required=True),
    FieldInfo("franchise", Kind.TEXT, "today's code of the franchise that made the pick", example="CIN"),
    FieldInfo("position_leaf", Kind.TEXT, "one name per role", example="QB"),
    FieldInfo("position_group", Kind.TEXT, "QB RB WR TE OL DL LB DB or ST", example="QB"),
    FieldInfo("position_side", Kind.TEXT, "O, D or S, from the position", example="O"),
    FieldInfo("college_name", Kind.TEXT, "canonical name of the college", example="LSU"),
    FieldInfo("college_slug", Kind.TEXT, "the college in addresses, see /colleges/{slug}", example="lsu"),
    FieldInfo("name", Kind.TEXT, "the same as pfr_player_name", required=True, example="Joe Burrow"),
)
EXPORT_FIELDS = tuple(name for name in FIELDS if name != "name")
DEFAULT_FIELDS = (
    "season", "round", "pick", "team", "franchise", "person_id", "name", "position", "position_leaf", "position_group", "college",
    "college_slug", "age", "hof", "allpro", "probowls", "seasons_started", "games", "w_av", "dr_av", "to",
)  # fmt: skip


def _source(base: FromClause) -> Source:
    expressions: dict[str, ColumnElement[object]] = {name: base.c[name] for name in EXPORT_FIELDS if name in draft_pick.c}
    expressions |= {
        "name": base.c.pfr_player_name,
        "franchise": franchise.c.code,
        "position_leaf": position.c.leaf,
        "position_group": position.c.position_group,
        "position_side": position.c.side,
        "college_name": college.c.name,
        "college_slug": college.c.slug,
    }
    return Source(
        base=base,
        expressions=expressions,
        joins={
            "franchise": Join(franchise, franchise.c.franchise_id == base.c.franchise_id),
            "position": Join(position, position.c.code == base.c.position),
            "college": Join(college, college.c.college_id == base.c.college_id),
        },
        needs={
            "franchise": "franchise",
            "position_leaf": "position",
            "position_group": "position",
            "position_side": "position",
            "college_name": "college",
            "college_slug": "college",
        },
    )


LISTING = Listing(
    name="draft_picks",
    table=draft_pick,
    source=_source,
    fields=FIELDS,
    default_fields=DEFAULT_FIELDS,
    export_fields=EXPORT_FIELDS,
    tie_break=("season", "pick"),
    filters={
        "season": equals("season", "season"),
        "season_min": from_number("season", "season_min"),
        "season_max": to_number("season", "season_max"),
        "round": equals("round", "round"),
        "pick": equals("pick", "pick"),
        "pick_min": from_number("pick", "pick_min"),
        "pick_max": to_number("pick", "pick_max"),
        "franchise": equals("franchise_id", "franchise"),
        "team": is_text("team", "team"),
        "college": equals("college_id", "college"),
        "position": one_of("position", "position"),
        "group": one_of("position", "group"),
        "side": one_of("position", "side"),
        "person_id": equals("person_id", "person_id"),
        "q": matches_search("q"),
        "name": has_name("name"),
        "hof": flag("hof", "hof"),
    },
)
