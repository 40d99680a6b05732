"""Trades: their legs with both franchises, the values of the picks, and who was selected with them."""

from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import FromClause, Integer, ScalarSelect, Text, and_, bindparam, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.pick_values import CHARTS, PICK_VALUES
from app.datasets.trades import TRADES
from app.db.models import Franchise, draft_pick, facts
from app.db.statements import Query, Statement, compile_statement
from app.listing.derived import NFLVERSE_TEAMS, listing
from app.listing.filters import Condition, has_name, is_person, matches_search
from app.listing.past import rows_as_of

_leg = facts["trades"]
_gave, _received, _drafting = (aliased(Franchise, name=name) for name in ("gave_franchise", "received_franchise", "drafting"))

#: The data sets that a trade in full is made of.
RECORDS = (TRADES.name, PICK_VALUES.name, DRAFT_PICKS.name)
#: What became of a pick: the columns of the selection that are shown.
BECAME = ("person_id", "position", "to", "games", "seasons_started", "probowls", "w_av", "hof")


def _nflverse(franchise: type[Franchise]) -> ScalarSelect[str]:
    return select(NFLVERSE_TEAMS.c.code).where(NFLVERSE_TEAMS.c.franchise_id == franchise.franchise_id).scalar_subquery()


def _legs(rows: Callable[[str], FromClause]) -> Query:
    """Select the legs of trades from these rows of the data sets."""
    leg, value, pick = (rows(name) for name in RECORDS)
    return (
        select(
            *(
                leg.c[name]
                for name in ("trade_id", "leg", "season", "gave", "received", "pick_season", "pick_round", "pick_number", "conditional")
            ),
            cast(leg.c.trade_date, Text).label("trade_date"),
            leg.c.pfr_name,
            leg.c.person_id.label("player_id"),
            _gave.code.label("gave_franchise"),
            _received.code.label("received_franchise"),
            _drafting.code.label("drafting"),
            *(
                _nflverse(each).label(f"{name}nflverse_team")
                for name, each in (("gave_", _gave), ("received_", _received), ("", _drafting))
            ),
            pick.c.pfr_player_name,
            *(pick.c[name] for name in BECAME),
            *(value.c[name] for name in CHARTS),
            select(func.max(value.c.pick)).scalar_subquery().label("last_charted"),
        )
        .select_from(
            leg.join(_gave, _gave.franchise_id == leg.c.gave_franchise_id)
            .join(_received, _received.franchise_id == leg.c.received_franchise_id)
            .outerjoin(value, value.c.pick == leg.c.pick_number)
            .outerjoin(pick, and_(pick.c.season == leg.c.pick_season, pick.c.pick == leg.c.pick_number))
            .outerjoin(_drafting, _drafting.franchise_id == pick.c.franchise_id)
        )
        .where(leg.c.trade_id == func.any(bindparam("trade_ids", type_=ARRAY(Integer))))
        .order_by(leg.c.trade_id, leg.c.leg)
    )


LEGS = compile_statement(_legs(facts.__getitem__))
LEGS_AS_OF = compile_statement(_legs(rows_as_of))


def _player(condition: Condition, picks: FromClause) -> Condition:
    """Require something of the player, or of the one who was selected with the pick: for newer picks the file does not name him."""
    selections = select(picks.c.season, picks.c.pick).where(condition(picks))
    return lambda base: or_(condition(base), tuple_(base.c.pick_season, base.c.pick_number).in_(selections))


def _of_people(picks: FromClause) -> dict[str, Condition]:
    conditions = {"person_id": is_person(), "q": matches_search("q"), "name": has_name("name")}
    return {name: _player(condition, picks) for name, condition in conditions.items()}


LISTING = listing(
    TRADES,
    _leg,
    filters=_of_people(draft_pick),
    filters_as_of=_of_people(rows_as_of(DRAFT_PICKS.name)),
    filtered_by=(DRAFT_PICKS.name,),
)


@lru_cache(maxsize=64)
def found_statement(filters: frozenset[str]) -> Statement:
    """Select the numbers of the trades with a leg that passes the filters of the list, the latest first, and how many they are."""
    conditions = [LISTING.filters[name](_leg) for name in sorted(filters)]
    return compile_statement(
        select(_leg.c.trade_id, func.count().over().label("total"))
        .where(*conditions)
        .group_by(_leg.c.trade_id)
        .order_by(func.max(_leg.c.trade_date).desc().nulls_last(), _leg.c.trade_id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
