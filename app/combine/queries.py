"""The list of combine entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Integer, and_, bindparam, or_, select

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.db.models import Franchise, TeamEra, combine_entry, draft_pick
from app.listing.derived import NFLVERSE_TEAMS, listing, standard_joins
from app.listing.model import Join
from app.listing.past import rows_as_of

if TYPE_CHECKING:
    from sqlalchemy import FromClause

    from app.datasets.model import Dataset
    from app.listing.filters import Condition

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


def _drafted(picks: FromClause) -> Condition:
    """Decide by the person, not by what the combine file recorded: the latest class has no draft results there."""
    return lambda base: base.c.person_id.in_(select(picks.c.person_id)) == bindparam("drafted", type_=Boolean)


def _drafted_by(picks: FromClause) -> Condition:
    """Decide by the person as well."""
    chosen = picks.c.franchise_id == bindparam("franchise", type_=Integer)
    return lambda base: base.c.person_id.in_(select(picks.c.person_id).where(chosen))


def _by_picks(picks: FromClause) -> dict[str, Condition]:
    return {"drafted": _drafted(picks), "franchise": _drafted_by(picks)}


LISTING = listing(COMBINE, combine_entry, _joins, _by_picks(draft_pick), _by_picks(rows_as_of(DRAFT_PICKS.name)))
FIELDS = LISTING.fields
