"""The 32 franchises with their eras and counts."""

from sqlalchemy import Integer, bindparam, func, select

from app.db.models import draft_pick
from app.db.statements import compile_statement

_COUNTS = (
    func.count().label("picks"),
    func.min(draft_pick.c.season).label("first_season"),
    func.max(draft_pick.c.season).label("last_season"),
    func.count().filter(draft_pick.c.round == 1).label("first_round_picks"),
    func.count().filter(draft_pick.c.hof).label("hall_of_famers"),
)

COUNTS = compile_statement(select(draft_pick.c.franchise_id, *_COUNTS).group_by(draft_pick.c.franchise_id))

#: Selections of one franchise, class by class.
CLASSES = compile_statement(
    select(draft_pick.c.season, func.count().label("picks"))
    .where(draft_pick.c.franchise_id == bindparam("franchise_id", type_=Integer))
    .group_by(draft_pick.c.season)
    .order_by(draft_pick.c.season)
)
