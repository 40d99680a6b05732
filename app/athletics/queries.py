"""One person against others of the position: visits, percentiles, Athletic Score and comparables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.athletics.formulas import (
    DISTANCE_DIGITS,
    FEWEST_SHARED,
    PERCENTILE_DIGITS,
    athletic_score,
    percentile,
    score_mean,
    share_below,
    upwards,
)
from app.datasets.combine import DRILLS
from app.db.models import Person, Position, combine_entry
from app.db.statements import Query, compile_statement, rounded
from app.people.queries import drill_values

_entry = combine_entry.c
_PERSON_ID, _VISIT = bindparam("person_id", type_=Integer), bindparam("visit", type_=Integer)
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
_LEAF, _GROUP = bindparam("leaf", type_=Text), bindparam("group", type_=Text)
#: The classes that are compared with.
_CHOSEN = _entry.season.between(_FIRST, _LAST)

#: Some people with each of their visits to the combine; one row without a visit for a person who was never there.
VISITS = compile_statement(
    select(
        Person.person_id,
        Person.name,
        Person.position,
        _entry.season,
        _entry.pos,
        _entry.school,
        Position.leaf.label("position_leaf"),
        Position.position_group,
        *(_entry[name] for name in DRILLS),
    )
    .outerjoin_from(Person, combine_entry, _entry.person_id == Person.person_id)
    .outerjoin(Position, Position.code == _entry.pos)
    .where(Person.person_id == func.any(bindparam("person_ids", type_=ARRAY(Integer))))
    .order_by(Person.person_id, _entry.season)
)


def _mine(drill: str) -> ColumnElement[float]:
    """Bind the person's own value."""
    return bindparam(drill, type_=Float)


def _percentiles() -> Query:
    """Select a row per drill: the percentile among the leaf and among the group, with the numbers of values."""
    counted = []
    for drill in DRILLS:
        value = cast(_entry[drill], Float)
        for scope, inside in (("leaf", Position.leaf == _LEAF), ("group", true())):
            counted += [
                func.count().filter(inside, value < _mine(drill)).label(f"{drill}_{scope}_lower"),
                func.count().filter(inside, value == _mine(drill)).label(f"{drill}_{scope}_equal"),
                func.count(value).filter(inside).label(f"{drill}_{scope}_total"),
            ]
    pool = select(*counted).join_from(combine_entry, Position, Position.code == _entry.pos)
    counts = pool.where(Position.position_group == _GROUP, _CHOSEN).cte("counts").c
    rows = []
    for drill in DRILLS:
        row: list[ColumnElement[Any]] = [literal_column(f"'{drill}'", Text).label("drill"), _mine(drill).label("value")]
        for scope in ("leaf", "group"):
            lower, equal, total = (counts[f"{drill}_{scope}_{name}"] for name in ("lower", "equal", "total"))
            row += [percentile(upwards(drill, share_below(lower, equal, total))).label(scope), total.label(f"{scope}_total")]
        rows.append(select(*row).where(_mine(drill).is_not(None)))
    return union_all(*rows)  # type: ignore[return-value]


PERCENTILES = compile_statement(_percentiles())


def _athletic_score() -> Query:
    """Select the score of a visit, its mean, and how many entries were ranked.

    The visit itself is scored even where its class is not among those compared with, but counts only if it is.
    """
    own = and_(_entry.season == _VISIT, _entry.person_id == _PERSON_ID)
    pool = (
        select(own.label("own"), _CHOSEN.label("counts"), _entry.season, _entry.person_id, *(_entry[name] for name in DRILLS))
        .join_from(combine_entry, Position, Position.code == _entry.pos)
        .where(Position.leaf == _LEAF, or_(_CHOSEN, own))
        .cte("pool")
    )
    cell = drill_values(pool)
    keys = (pool.c.own, pool.c.counts, pool.c.season, pool.c.person_id)
    measured = select(*keys, cell.c.drill, cell.c.value).join_from(pool, cell, true()).where(cell.c.value.is_not(None)).cte("measured")
    number = func.count().filter(measured.c.counts)
    below = func.sum(number).over(partition_by=measured.c.drill, order_by=measured.c.value)
    of_all = func.sum(number).over(partition_by=measured.c.drill)
    places = (
        select(
            measured.c.drill,
            measured.c.value,
            upwards(measured.c.drill, share_below(below - number, number, of_all)).label("share"),
        )
        .group_by(measured.c.drill, measured.c.value)
        .cte("places")
    )
    keys = (measured.c.own, measured.c.counts, measured.c.season, measured.c.person_id)
    means = (
        select(*keys, score_mean(func.avg(places.c.share)).label("mean"))
        .join_from(measured, places, and_(places.c.drill == measured.c.drill, places.c.value == measured.c.value))
        .group_by(*keys)
        .having(func.count(places.c.share) >= literal_column(str(FEWEST_SHARED)))
        .cte("means")
    )
    mine = select(means.c.mean).where(means.c.own).scalar_subquery()
    lower, equal = (func.count().filter(means.c.counts, which) for which in (means.c.mean < mine, means.c.mean == mine))
    total = func.count().filter(means.c.counts)
    score = case((mine.is_not(None), athletic_score(share_below(lower, equal, total))))
    return select(mine.label("mean"), total.label("total"), score.label("score")).select_from(means)


ATHLETIC_SCORE = compile_statement(_athletic_score())


def _comparables() -> Query:
    """Select the entries nearest to a visit, with their distance, and how many could be compared.

    The difference of two z-scores is that of the values, divided by the standard deviation of the whole position: the mean cancels out.
    """
    entries = (
        select(combine_entry).join_from(combine_entry, Position, Position.code == _entry.pos).where(Position.leaf == _LEAF).cte("leaf")
    )
    spread = (
        select(*(func.nullif(func.stddev_pop(cast(entries.c[name], Float)), 0).label(name) for name in DRILLS))
        .cte("spread")
        .prefix_with("MATERIALIZED")
    )
    squares = {name: func.pow((cast(entries.c[name], Float) - _mine(name)) / spread.c[name], 2) for name in DRILLS}
    zero, one = literal_column("0", Float), literal_column("1", Integer)
    nothing = literal_column("0", Integer)
    total = sum((func.coalesce(each, zero) for each in squares.values()), start=zero)
    shared = sum((case((each.is_not(None), one), else_=nothing) for each in squares.values()), start=nothing)
    compared = (
        select(
            *(entries.c[name] for name in ("season", "person_id", "player_name", "pos", "school", *DRILLS)),
            shared.label("shared"),
            func.sqrt(total / func.nullif(shared, nothing)).label("distance"),
        )
        .join_from(entries, spread, true())
        .where(entries.c.person_id != _PERSON_ID, entries.c.season.between(_FIRST, _LAST))
        .cte("compared")
        .prefix_with("MATERIALIZED")
    )
    distance = compared.c.distance
    shown = [each for each in compared.c if each.name != "distance"]
    return (
        select(
            *shown,
            rounded(distance, DISTANCE_DIGITS).label("distance"),
            rounded(100 * func.exp(-distance), PERCENTILE_DIGITS).label("similarity"),
            func.count().over().label("total"),
        )
        .where(compared.c.shared >= literal_column(str(FEWEST_SHARED)))
        .order_by(distance, compared.c.season, compared.c.person_id)
        .limit(bindparam("limit", type_=Integer))
    )


COMPARABLES = compile_statement(_comparables())
