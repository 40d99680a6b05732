"""Hit rates, the expected value by pick, and value over expected by group."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Text, bindparam, case, func, literal_column, select, true

from app.aggregates.queries import grouped
from app.db.models import draft_pick
from app.db.statements import Statement, compile_statement, rounded
from app.draft_picks.queries import LISTING as DRAFT_PICKS
from app.listing.parameters import Format
from app.listing.parsing import SortKey
from app.listing.select import STATEMENT_CACHE_SIZE, table_statement
from app.value.formulas import FITTED, LAST_PICK, VALUE, VALUE_DIGITS, expected, model, wilson
from app.value.lists import OVER_EXPECTED

MODEL = compile_statement(model())
#: What can be sorted by.
HIT_RATE_COLUMNS = ("n", "hits", "rate", "lower", "upper", "without_record", "first_season", "last_season")
OVER_EXPECTED_COLUMNS = ("n", "w_av", "expected_w_av", "value_over_expected", "mean", "beyond", "first_season", "last_season")


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def hit_rates(
    hit: str, groups: tuple[str, ...], filters: frozenset[str], sort: tuple[SortKey, ...], form: Format | None, *, escape_formulas: bool
) -> Statement:
    """Count the selections of each group, and those whose field ``hit`` is at least the number bound as ``at_least``."""
    field, total = draft_pick.c[hit], func.count()
    hits = total.filter(field >= bindparam("at_least", type_=Integer))
    rate, lower, upper = wilson(hits, total)
    columns: list[ColumnElement[Any]] = [
        total.label("n"),
        hits.label("hits"),
        rate.label("rate"),
        lower.label("lower"),
        upper.label("upper"),
        (total - func.count(field)).label("without_record"),
        *_classes(draft_pick),
        _note(total, "No selection passes the filters."),
    ]
    query = grouped(DRAFT_PICKS, DRAFT_PICKS.source(draft_pick), groups, columns, (), filters)
    return table_statement(query, form, sort, escape_formulas=escape_formulas)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def over_expected(
    groups: tuple[str, ...], filters: frozenset[str], sort: tuple[SortKey, ...], form: Format | None, *, escape_formulas: bool
) -> Statement:
    """Sum value, expected value and their difference over the selections of each group."""
    table = OVER_EXPECTED.table
    known = func.count(table.c.residual)
    value = func.sum(func.coalesce(table.c.w_av, 0)).filter(table.c.residual.is_not(None))
    columns = [
        known.label("n"),
        value.label("w_av"),
        rounded(func.sum(table.c.expected), VALUE_DIGITS).label("expected_w_av"),
        rounded(func.sum(table.c.residual), VALUE_DIGITS).label("value_over_expected"),
        rounded(func.avg(table.c.residual), VALUE_DIGITS).label("mean"),
        (func.count() - known).label("beyond"),
        *_classes(table),
        _note(known, f"No selection up to pick {LAST_PICK}, where the model ends, passes the filters."),
    ]
    query = grouped(OVER_EXPECTED, OVER_EXPECTED.source(table), groups, columns, (), filters)
    return table_statement(query, form, sort, escape_formulas=escape_formulas)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def expected_values(form: Format | None, *, escape_formulas: bool) -> Statement:
    """Select the expected value of each pick, and the mean of the selections that the model is fitted to."""
    # materialized: a plan for any range of picks would fit the line again for each selection
    line = model().cte("model").prefix_with("MATERIALIZED")
    asked_for = draft_pick.c.pick.between(bindparam("pick_min", type_=Integer), bindparam("pick_max", type_=Integer))
    query = (
        select(
            draft_pick.c.pick,
            rounded(func.min(expected(line)), VALUE_DIGITS).label("expected_w_av"),
            rounded(func.avg(VALUE), VALUE_DIGITS).label("mean_w_av"),
            func.count().label("n"),
        )
        .join_from(draft_pick, line, true())
        .where(FITTED, asked_for)
        .group_by(draft_pick.c.pick)
        .order_by(draft_pick.c.pick)
    )
    return table_statement(query, form, escape_formulas=escape_formulas)


def _classes(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    return func.min(table.c.season).label("first_season"), func.max(table.c.season).label("last_season")


def _note(number: ColumnElement[int], text: str) -> ColumnElement[Any]:
    """Say why there is nothing."""
    return case((number == 0, literal_column(f"'{text}'", Text))).label("note")
