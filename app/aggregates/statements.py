"""The statement of an aggregate.

Rows are first grouped as they are stored, which PostgreSQL does in parallel and without sorting. Only these cells, a hundredth of the
rows or less, are joined with the reference tables and brought together by the names that were asked for. For a median, a quantile or the
name at an end, the cells are separated by the value as well, so that it is found from how often each value occurs, or from the first name
of each value: ``percentile_cont`` and ``array_agg`` sort all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, FromClause, Integer, Text, bindparam, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from app.aggregates.correlations import cell_parts, correlation_of_cells, correlation_of_rows, pairs_of_cells
from app.aggregates.queries import COMPARISONS, NAME, PAIRED, WHO, Measure, group_key, grouped, groups_of
from app.aggregates.stored import Labels, stored_cells
from app.db.statements import Query, Statement
from app.listing.model import Listing, Source
from app.listing.parameters import Format
from app.listing.parsing import SortKey
from app.listing.select import STATEMENT_CACHE_SIZE, table_statement

_QUANTILES, _ENDS, _SUMS = ("median", "quantile"), ("min", "max"), ("count", "sum", "mean")
_OF_VALUES: Mapping[str, Callable[..., ColumnElement[Any]]] = {
    "count": func.count,
    "sum": func.sum,
    "mean": func.avg,
    "min": func.min,
    "max": func.max,
    "corr": correlation_of_rows,
    "pairs": func.regr_count,
}
_N, _VALUE, _FIRST = "rows_of_cell", "value_of_cell", "first_name_of_cell"
_ZERO: ColumnElement[int] = literal_column("0", Integer)


def _number(source: Source, name: str) -> ColumnElement[float]:
    """Return a field as a number, true as 1."""
    expression = source.expressions[name]
    return cast(cast(expression, Integer) if isinstance(expression.type, Boolean) else expression, Float)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def aggregate_statement(
    listing: Listing,
    groups: tuple[str, ...],
    measures: tuple[Measure, ...],
    filters: frozenset[str],
    sort: tuple[SortKey, ...],
    form: Format | None,
    *,
    stored: bool = False,
    escape_formulas: bool,
) -> Statement:
    """Aggregate the filtered rows by group. The number of the first measure is bound as ``measure_0``, and so on.

    ``stored``: nothing is filtered, and the read models of all rows may be read instead of the rows.
    """
    source = listing.source(listing.table)
    numbered = {f"measure_{number}": measure for number, measure in enumerate(measures)}
    ranked = {measure.field for measure in measures if measure.function in (*_QUANTILES, *WHO)}
    if len(ranked) > 1:  # the values of two fields hardly ever repeat
        used = tuple(name for measure in measures for name in measure.fields)
        columns = [_of_rows(source, measure, bind).label(measure.label) for bind, measure in numbered.items()]
        query = grouped(listing, source, groups, columns, used, filters)
    else:
        query = _by_cells(listing, source, groups, numbered, filters, next(iter(ranked), None), stored=stored)
    return table_statement(query, form, sort, escape_formulas=escape_formulas)


def _by_cells(
    listing: Listing,
    source: Source,
    groups: tuple[str, ...],
    measures: Mapping[str, Measure],
    filters: frozenset[str],
    ranked: str | None,
    *,
    stored: bool,
) -> Query:
    """Aggregate by way of cells; ``ranked`` is the field of the quantiles and of the names at the ends."""
    fields = groups_of(listing)
    keys = {group: group_key(source, group, fields[group]) for group in groups}
    joins = [source.joins[name] for name in dict.fromkeys(source.needs[fields[group]] for group in groups if fields[group] in source.needs)]
    own = _columns_of(source.base, *keys.values(), *(join.on for join in joins))
    found = stored_cells(listing, own, measures.values(), Labels(_N, _VALUE, _FIRST)) if stored else None
    cells, ranked = found or (_cells(listing, source, own, measures, filters, ranked), ranked)
    places: dict[int, ColumnElement[Any]] = {id(column): cells.c[column.name] for column in own}

    def moved(clause: ColumnElement[Any]) -> ColumnElement[Any]:
        """Replace columns of the rows by those of the cells."""
        result: ColumnElement[Any] = replacement_traverse(clause, {}, lambda element, **_: places.get(id(element)))
        return result

    rows: FromClause = cells
    for join in joins:
        rows = rows.outerjoin(join.target, moved(join.on))
    final: list[ColumnElement[Any]] = [moved(key).label(group) for group, key in keys.items()]
    if ranked is None:
        by, table = [moved(key) for key in keys.values()], cells
    else:
        window: dict[str, Any] = {"partition_by": [moved(key) for key in keys.values()] or None}
        number, value = cells.c[_N], cells.c[_VALUE]
        before = func.sum(number).over(**window, order_by=value, rows=(None, 0)) - number
        total = cast(func.sum(number).filter(value.is_not(None)).over(**window), Float)
        rest = [each for each in cells.c if each.name not in {column.name for column in own}]
        table = rows = select(*final, *rest, before.label("before"), total.label("total")).select_from(rows).subquery("ranked")
        by = final = [table.c[group] for group in groups]
    columns = [_of_cells(table, measure, bind, ranked).label(measure.label) for bind, measure in measures.items()]
    return select(*final, *columns).select_from(rows).group_by(*by).order_by(*by)


def _cells(
    listing: Listing,
    source: Source,
    own: list[ColumnElement[Any]],
    measures: Mapping[str, Measure],
    filters: frozenset[str],
    ranked: str | None,
) -> FromClause:
    """Group the filtered rows as they are stored, by the columns ``own``."""
    by = [*own, *([] if ranked is None else [_number(source, ranked).label(_VALUE)])]
    parts = {name: part for bind, measure in measures.items() for name, part in _parts(source, measure, bind, ranked).items()}
    conditions = [listing.filters[name](listing.table) for name in sorted(filters)]
    return (
        select(*by, cast(func.count(), Integer).label(_N), *(part.label(name) for name, part in parts.items()))
        .select_from(source.base)
        .where(*conditions)
        .group_by(*by)
        .subquery("cell")
    )


def _columns_of(base: FromClause, *clauses: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Return the columns of the table that the clauses use."""
    used = {id(each) for clause in clauses for each in iterate(clause)}
    return [column for column in base.c if id(column) in used]


def _parts(source: Source, measure: Measure, bind: str, ranked: str | None) -> dict[str, ColumnElement[Any]]:
    """Return what each cell has to know for a measure, beyond its number of rows and the value that is ranked."""
    if measure.function in WHO:
        return {_FIRST: func.min(source.expressions[NAME])}
    if measure.function in PAIRED:
        both = (_number(source, name) for name in measure.fields)
        return {f"{measure.field}_{measure.other}_{name}": part for name, part in cell_parts(*both).items()}
    if not measure.field or measure.field == ranked:
        return {}
    value = _number(source, measure.field)
    if measure.function == "share":
        return {bind: func.count().filter(COMPARISONS[measure.comparison][1](value, bindparam(bind, type_=Float)))}
    if measure.function in _ENDS:
        return {measure.label: _OF_VALUES[measure.function](value)}
    return {f"sum_{measure.field}": func.sum(value), f"n_{measure.field}": cast(func.count(value), Integer)}


def _of_cells(cells: FromClause, measure: Measure, bind: str, ranked: str | None) -> ColumnElement[Any]:
    """Return the column of a measure of a group of cells."""
    number = cells.c[_N]
    if not measure.field:
        return func.coalesce(func.sum(number), _ZERO)
    if measure.function in PAIRED:
        of_cells = correlation_of_cells if measure.function == "corr" else pairs_of_cells
        return of_cells(cells, "_".join(measure.fields))
    rows = _nonzero(func.sum(number))
    if measure.field != ranked:
        if measure.function == "share":
            return func.sum(cells.c[bind]) / rows
        if measure.function in _ENDS:
            return _OF_VALUES[measure.function](cells.c[measure.label])
        return _of_sums(measure, func.sum(cells.c[f"sum_{measure.field}"]), func.sum(cells.c[f"n_{measure.field}"]))
    value = cells.c[_VALUE]
    if measure.function in WHO:
        return _who(measure, value, cells.c[_FIRST])
    if measure.function == "share":
        met = COMPARISONS[measure.comparison][1](value, bindparam(bind, type_=Float))
        return func.coalesce(func.sum(number).filter(met), _ZERO) / rows
    if measure.function in _ENDS:
        return _OF_VALUES[measure.function](value)
    if measure.function in _SUMS:
        return _of_sums(measure, func.sum(value * number), func.sum(number).filter(value.is_not(None)))
    level = literal_column("0.5", Float) if measure.function == "median" else bindparam(bind, type_=Float)
    place = level * (cells.c.total - 1.0)  # counted from 0: between two values, it lies between their places
    lower, upper = (func.max(value).filter(cells.c.before <= end) for end in (func.floor(place), func.ceil(place)))
    return lower + func.max(place - func.floor(place)) * (upper - lower)


def _of_sums(measure: Measure, total: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a measure that follows from the sum of the values and their number."""
    if measure.function == "count":
        return func.coalesce(values, _ZERO)
    return total if measure.function == "sum" else total / _nonzero(values)


def _nonzero(number: ColumnElement[Any]) -> ColumnElement[float]:
    """Return a number to divide by, null instead of 0."""
    return cast(func.nullif(number, _ZERO), Float)


def _who(measure: Measure, value: ColumnElement[float], name: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the first name at the end of the values."""
    order = value.asc() if measure.function == "who_min" else value.desc().nulls_last()
    names = func.array_agg(aggregate_order_by(name, order, name.asc()), type_=ARRAY(Text))
    return case((func.count(value) > _ZERO, names[1]))


def _of_rows(source: Source, measure: Measure, bind: str) -> ColumnElement[Any]:
    """Return the column of a measure of a group of rows."""
    if not measure.field:
        return func.count()
    value = _number(source, measure.field)
    if function := _OF_VALUES.get(measure.function):
        return function(value, *([_number(source, measure.other)] if measure.other else ()))
    if measure.function in WHO:
        return _who(measure, value, source.expressions[NAME])
    if measure.function == "share":
        met = COMPARISONS[measure.comparison][1](value, bindparam(bind, type_=Float))
        return cast(func.count().filter(met), Float) / func.nullif(func.count(), _ZERO)
    quantile = literal_column("0.5", Float) if measure.function == "median" else bindparam(bind, type_=Float)
    return func.percentile_cont(quantile).within_group(value)
