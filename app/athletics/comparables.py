"""The comparables of many entries at once: a row for each of the nearest entries to each entry that the filters choose."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, Text, bindparam, case, cast, func, literal_column, select, true

from app.athletics.formulas import DISTANCE_DIGITS, FEWEST_SHARED, PERCENTILE_DIGITS
from app.combine.queries import LISTING
from app.datasets.combine import DRILLS
from app.db.models import Position, combine_entry
from app.db.statements import Query, Statement, compile_statement, rounded
from app.listing.parameters import Format
from app.listing.select import STATEMENT_CACHE_SIZE, table_statement

_entry = combine_entry.c
_ZERO, _ENOUGH = literal_column("0", Float), literal_column(str(FEWEST_SHARED), Integer)


def _entries() -> Query:
    return select(
        *(_entry[name] for name in ("season", "person_id", "player_name", "school")),
        Position.leaf,
        *(cast(_entry[name], Float).label(name) for name in DRILLS),
    ).join_from(combine_entry, Position, Position.code == _entry.pos)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def comparables_statement(filters: frozenset[str], earlier: bool, form: Format | None, *, escape_formulas: bool) -> Statement:
    """Select the ``nearest`` entries, by the distance of the comparables of one person; without any, one row says why."""
    mine = _chosen(filters).cte("mine")
    other = _entries().cte("other")
    deviations = (func.nullif(func.stddev_pop(other.c[name]), _ZERO).label(name) for name in DRILLS)
    spread = select(other.c.leaf, *deviations).group_by(other.c.leaf).cte("spread").prefix_with("MATERIALIZED")
    squares = [func.pow((other.c[name] - mine.c[name]) / spread.c[name], 2).label(name) for name in DRILLS]
    before = [other.c.season < mine.c.season] if earlier else []
    who = [other.c[name] for name in ("season", "person_id", "player_name", "school")]
    pairs = (
        select(*who, *squares)
        .join_from(other, spread, spread.c.leaf == other.c.leaf)
        .where(other.c.leaf == mine.c.leaf, other.c.person_id != mine.c.person_id, *before)
        .correlate(mine)
        .offset(literal_column("0"))  # so that each square is computed once
        .subquery("pairs")
    )
    squared = [pairs.c[name] for name in DRILLS]
    shared = func.num_nonnulls(*squared, type_=Integer)
    total: ColumnElement[Any] = sum((func.coalesce(each, _ZERO) for each in squared), start=_ZERO)
    compared = (
        select(*(pairs.c[each.name] for each in who), shared.label("shared"), func.sqrt(total / cast(shared, Float)).label("distance"))
        .where(shared >= _ENOUGH)
        .subquery("compared")
    )
    order = (compared.c.distance, compared.c.season, compared.c.person_id)
    place, number = func.row_number().over(order_by=order), func.count().over()
    ranked = (
        select(compared, place.label("rank"), number.label("n"))
        .order_by(*order)
        .limit(bindparam("nearest", type_=Integer))
        .lateral("ranked")
    )
    found = ranked.c
    metrics = func.num_nonnulls(*(mine.c[name] for name in DRILLS), type_=Integer)
    few = cast(metrics, Text).concat(f" of {len(DRILLS)} measurements; at least {FEWEST_SHARED} are needed")
    none = literal_column(f"'No other entry of the role shares {FEWEST_SHARED} measurements.'", Text)
    query = (
        select(
            mine.c.season,
            mine.c.person_id,
            mine.c.player_name.label("name"),
            mine.c.leaf.label("scope"),
            func.coalesce(found.n, literal_column("0", Integer)).label("n"),
            found.rank,
            found.season.label("other_season"),
            found.person_id.label("other_person_id"),
            found.player_name.label("other_name"),
            found.school.label("other_school"),
            rounded(found.distance, DISTANCE_DIGITS).label("distance"),
            rounded(100 * func.exp(-found.distance), PERCENTILE_DIGITS).label("similarity"),
            found.shared,
            case((found.rank.is_not(None), None), (metrics < _ENOUGH, few), else_=none).label("note"),
        )
        .select_from(mine)
        .outerjoin(ranked, true())
        .order_by(mine.c.season, mine.c.person_id, found.rank)
    )
    return table_statement(query, form, escape_formulas=escape_formulas)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def entry_count_statement(filters: frozenset[str]) -> Statement:
    """Count the entries that the filters choose, and those of them that have enough measurements to be compared."""
    chosen = _chosen(filters).subquery("chosen")
    metrics = func.num_nonnulls(*(chosen.c[name] for name in DRILLS), type_=Integer)
    return compile_statement(select(func.count().label("n"), func.count().filter(metrics >= _ENOUGH).label("measured")).select_from(chosen))


def _chosen(filters: frozenset[str]) -> Query:
    return _entries().where(*(LISTING.filters[name](combine_entry) for name in sorted(filters)))
