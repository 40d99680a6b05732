"""The search for players by name: one statement, and what it finds."""

from dataclasses import dataclass

import asyncpg
from sqlalchemy import Integer, Text, bindparam, func, select, true

from app.context import ServiceContext
from app.db.models import College, Person, Position, combine_entry, draft_pick, facts
from app.db.statements import compile_statement
from app.listing.filters import matches_search, search_patterns
from app.names import name_key
from app.web.wording import entry_facts

_pick = draft_pick.c
_first_pick = (
    select(_pick.season, _pick.round, _pick.pick, _pick.team, _pick.w_av)
    .where(_pick.person_id == Person.person_id)
    # the sum keeps the planner from walking the primary key, which it prefers right after a first load, without statistics
    .order_by(_pick.season + 0)
    .limit(1)
    .lateral("first_pick")
)
_player = facts["players"].c
_career = (
    select(*(_player[name] for name in ("selection", "draft_year", "draft_round", "rookie_season", "last_season")))
    .where(_player.person_id == Person.person_id)
    .order_by(_player.rookie_season)
    .limit(1)
    .lateral("career")
)
_combine = select(func.max(combine_entry.c.season)).where(combine_entry.c.person_id == Person.person_id).scalar_subquery()
#: Players by name: exactly this name first, then the longer careers, then the later ones.
#: ``q`` are the patterns of ``search_patterns``, ``key`` is the name key of what was typed.
SEARCH = compile_statement(
    select(
        Person.person_id,
        Person.name,
        Position.leaf.label("position"),
        College.name.label("college"),
        _first_pick.c.season,
        _first_pick.c.round,
        _first_pick.c.pick,
        _first_pick.c.team,
        *_career.c,
        _combine.label("combine"),
        func.count().over().label("total"),
    )
    .outerjoin_from(Person, Position, Position.code == Person.position)
    .outerjoin(College, College.college_id == Person.college_id)
    .outerjoin(_first_pick, true())
    .outerjoin(_career, true())
    .where(matches_search("q")(Person.__table__))
    .order_by(
        (Person.name_key == bindparam("key", type_=Text)).desc(),
        _first_pick.c.w_av.desc().nulls_last(),
        Person.last_season.desc(),
        Person.name,
        Person.person_id,
    )
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One player found by the search; ``facts`` is a short line that tells namesakes apart."""

    person_id: int
    name: str
    facts: str


async def find_players(context: ServiceContext, query: str, limit: int, offset: int = 0) -> tuple[tuple[Hit, ...], int]:
    """Find players by the beginnings of the words of a name, and their number; none for a query without a letter or digit.

    Past the last page, return the last one.
    """
    key = name_key(query)
    if not key:
        return (), 0
    values = {"q": search_patterns(query), "key": key, "limit": limit, "offset": offset}
    rows = await context.database.fetch(SEARCH, values)
    if offset and not rows:
        first = await context.database.fetch_row(SEARCH, {**values, "limit": 1, "offset": 0})
        last_page = (first["total"] - 1) // limit * limit if first else 0
        rows = await context.database.fetch(SEARCH, {**values, "offset": last_page})
    return tuple(Hit(row["person_id"], row["name"], _facts(row)) for row in rows), rows[0]["total"] if rows else 0


def _facts(row: asyncpg.Record) -> str:
    parts = [row["position"], row["college"]]
    if row["season"] is not None:
        parts.append(f"{row['season']}, round {row['round']}, pick {row['pick']}, {row['team']}")
    else:
        combine = f"combine of {row['combine']}" if row["combine"] else None
        parts.append(", ".join(part for part in (combine, *entry_facts(dict(row) if row["selection"] else None)) if part))
    return " · ".join(part for part in parts if part)
