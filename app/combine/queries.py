"""The list of combine entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Integer, and_, bindparam, or_, select

from app.datasets.combine import COMBINE
from app.db.models import Franchise, TeamEra, combine_entry, draft_pick
from app.listing.derived import NFLVERSE_TEAMS, listing, standard_joins
from app.listing.model import Join

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause

    from app.datasets.model import Dataset

#: Team names as the combine writes them, with the seasons in which they meant the franchise.
_TEAMS = (
    select(
        TeamEra.code.label("team_name"),
        TeamEra.first_season,
        TeamEra.last_season,
        Franchise.code.label("franchise"),
        NFLVERSE_TEAMS.c.code.label("nflverse_team"),
    )
    .join_from(TeamEra, Franchise, Franchise.franchise_id == TeamEra.franchise_id)
    .outerjoin(NFLVERSE_TEAMS, NFLVERSE_TEAMS.c.franchise_id == TeamEra.franchise_id)
    .where(TeamEra.system == "name")
    .subquery("drafting_team")
)


def _joins(dataset: Dataset, base: FromClause) -> dict[str, Join]:
    in_use = and_(
        _TEAMS.c.team_name == base.c.draft_team,
        _TEAMS.c.first_season <= base.c.draft_year,
        or_(_TEAMS.c.last_season.is_(None), _TEAMS.c.last_season >= base.c.draft_year),
    )
    return {"team": Join(_TEAMS, in_use), **standard_joins(dataset, base)}


def _drafted(base: FromClause) -> ColumnElement[bool]:
    """Decide by the person, not by what the combine file recorded: the latest class has no draft results there."""
    return base.c.person_id.in_(select(draft_pick.c.person_id)) == bindparam("drafted", type_=Boolean)


def _drafted_by(base: FromClause) -> ColumnElement[bool]:
    """Decide by the person as well."""
    chosen = draft_pick.c.franchise_id == bindparam("franchise", type_=Integer)
    return base.c.person_id.in_(select(draft_pick.c.person_id).where(chosen))


LISTING = listing(COMBINE, combine_entry, _joins, {"drafted": _drafted, "franchise": _drafted_by})
FIELDS = LISTING.fields
