"""The charts as they are stored, and the draft that is the latest."""

from sqlalchemy import func, literal_column, select

from app.datasets.pick_values import CHARTS
from app.db.models import SeasonCount, facts
from app.db.statements import compile_statement

_pick_value = facts["pick_values"]

#: Every pick of the charts with its value on each.
ALL = compile_statement(select(_pick_value.c.pick, *(_pick_value.c[name] for name in CHARTS)).order_by(_pick_value.c.pick))
LATEST_CLASS = compile_statement(
    select(func.max(SeasonCount.season).label("season")).where(SeasonCount.dataset == literal_column("'draft_picks'"))
)
