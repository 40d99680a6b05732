"""The list of combine entries."""

from functools import cache

from sqlalchemy import Boolean, FromClause, bindparam, exists, select, tuple_

from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.db.models import Franchise, combine_entry, draft_pick
from app.listing.derived import NFLVERSE_TEAMS, Joins, listing, standard_joins
from app.listing.filters import NUMBERS, Condition, single_value_filter
from app.listing.model import Join
from app.listing.past import rows_as_of


@cache  # a statement as of a load cannot have the same aliases twice
def _drafting(picks: FromClause) -> FromClause:
    """Select who drafted each person: by the linked pick, a person's first, not by the name that was recorded with the entry.

    The latest class has no draft results in the combine file, and two entries can claim the same pick there.
    """
    own, earlier = picks.alias("own_pick"), picks.alias("earlier_pick")
    before = tuple_(earlier.c.season, earlier.c.pick) < tuple_(own.c.season, own.c.pick)
    return (
        select(own.c.person_id, own.c.franchise_id, Franchise.code.label("franchise"), NFLVERSE_TEAMS.c.code.label("nflverse_team"))
        .join_from(own, Franchise, Franchise.franchise_id == own.c.franchise_id)
        .outerjoin(NFLVERSE_TEAMS, NFLVERSE_TEAMS.c.franchise_id == own.c.franchise_id)
        .where(~exists().where(earlier.c.person_id == own.c.person_id, before))
        .subquery("drafting_team")
    )


def _joins(picks: FromClause) -> Joins:
    teams = _drafting(picks)
    return lambda dataset, base: {"team": Join(teams, teams.c.person_id == base.c.person_id), **standard_joins(dataset, base)}


def _drafted(picks: FromClause) -> Condition:
    """Decide by the person, not by what the combine file recorded: the latest class has no draft results there."""
    return lambda base: base.c.person_id.in_(select(picks.c.person_id)) == bindparam("drafted", type_=Boolean)


def _drafted_by(chosen: Condition, picks: FromClause) -> Condition:
    """Decide by the pick that the field ``franchise`` shows."""
    teams = _drafting(picks)
    return lambda base: base.c.person_id.in_(select(teams.c.person_id).where(chosen(teams)))


def _by_picks(picks: FromClause) -> dict[str, Condition]:
    names = (single_value_filter("franchise"), "franchise")
    by_franchise = {name: _drafted_by(compare("franchise_id", name), picks) for name, compare in zip(names, NUMBERS, strict=True)}
    return {"drafted": _drafted(picks), **by_franchise}


_PAST_PICKS = rows_as_of(DRAFT_PICKS.name)
LISTING = listing(
    COMBINE,
    combine_entry,
    _joins(draft_pick),
    _by_picks(draft_pick),
    _by_picks(_PAST_PICKS),
    _joins(_PAST_PICKS),
    filtered_by=(DRAFT_PICKS.name,),
)
FIELDS = LISTING.fields
