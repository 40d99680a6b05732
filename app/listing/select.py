"""Builds the statements of a list, one per shape of request, and keeps them compiled."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)

from app.db.statements import Query, Statement, compile_statement
from app.listing.model import Kind, Listing, Source
from app.listing.parameters import Format
from app.listing.parsing import SortKey

#: Statements kept per process; a shape beyond that is compiled again (1 to 2 ms).
STATEMENT_CACHE_SIZE = 512
TOTAL = "__total"
_BIND_TYPES = {Kind.INTEGER: BigInteger, Kind.NUMBER: Float, Kind.BOOLEAN: Boolean, Kind.TEXT: Text}
#: Text that a spreadsheet would take for a formula.
_FORMULA: ColumnElement[str] = literal_column(r"'^[=+\-@\t\r]'", Text)
_APOSTROPHE: ColumnElement[str] = literal_column("''''", Text)


class Shape(NamedTuple):
    """What decides the SQL of a request; everything else is a value. ``after`` tells which values of the cursor are null."""

    fields: tuple[str, ...]
    filters: frozenset[str]
    sort: tuple[SortKey, ...]
    after: tuple[bool, ...] | None = None


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def page_statement(listing: Listing, shape: Shape) -> Statement:
    """Select one page: the fields, then the sort keys that are not among them, then the total of the whole filtered set.

    The rows of the page are chosen on the base table alone, unless a sort key comes from a joined table; names are joined to the
    page's rows afterwards.
    """
    outer = listing.source(listing.table)
    sorted_by_base = not any(key.name in outer.needs for key in shape.sort)
    total = _count(listing, shape.filters).scalar_subquery()
    if sorted_by_base:
        inner = _ordered(select(outer.base), outer, shape)
        inner = inner.where(*_conditions(listing, listing.table, shape.filters), *_after(listing, outer, shape))
        page = inner.limit(bindparam("limit", type_=BigInteger)).subquery("page")
        outer = listing.source(page)
        query = _joined(outer, shape, total)
    else:
        query = _joined(outer, shape, total).where(*_conditions(listing, listing.table, shape.filters), *_after(listing, outer, shape))
        query = query.limit(bindparam("limit", type_=BigInteger))
    return compile_statement(_ordered(query, outer, shape))


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def count_statement(listing: Listing, filters: frozenset[str]) -> Statement:
    """Count the rows that match a filter."""
    return compile_statement(_count(listing, filters))


def _count(listing: Listing, filters: frozenset[str]) -> Select[int]:
    table = listing.counted(filters)
    return select(func.count().label(TOTAL)).select_from(table).where(*_conditions(listing, table, filters))


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def csv_statement(listing: Listing, shape: Shape, escape_formulas: bool) -> Statement:
    """Select the whole set for COPY as CSV: booleans as true/false; on request, text like a formula is escaped by an apostrophe."""
    source = listing.source(listing.table)
    columns = []
    for name in shape.fields:
        expression, kind = source.expressions[name], listing.fields[name].kind
        if kind is Kind.BOOLEAN:
            expression = cast(expression, Text)
        elif kind is Kind.TEXT and escape_formulas:
            expression = _escaped(expression)
        columns.append(expression.label(name))
    return compile_statement(_whole(listing, source, shape, columns))


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def json_statement(listing: Listing, shape: Shape) -> Statement:
    """Select the whole set for COPY, one JSON object per row."""
    source = listing.source(listing.table)
    columns = [source.expressions[name].label(name) for name in shape.fields]
    rows = _whole(listing, source, shape, columns).subquery("record")
    return compile_statement(select(func.row_to_json(rows.table_valued())))


def table_statement(query: Query, form: Format | None, sort: tuple[SortKey, ...] = (), *, escape_formulas: bool) -> Statement:
    """Select at most ``most`` rows of a table: with the number of all rows, or for COPY in a format. ``sort`` replaces its own order."""
    if sort:
        columns = query.selected_columns
        by = (columns[key.name].desc().nulls_last() if key.descending else columns[key.name].asc() for key in sort)
        query = query.order_by(None).order_by(*by)
    query = query.limit(bindparam("most", type_=BigInteger))
    if form is None:
        return compile_statement(query.add_columns(func.count().over().label(TOTAL)))
    rows = query.subquery("record")
    if form != "csv":
        return compile_statement(select(func.row_to_json(rows.table_valued())))
    escaped = {each.name for each in rows.c if escape_formulas and isinstance(each.type, Text)}
    return compile_statement(select(*(_escaped(each).label(each.name) if each.name in escaped else each for each in rows.c)))


def _escaped(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((text.regexp_match(_FORMULA), _APOSTROPHE.concat(text)), else_=text)


def _whole(listing: Listing, source: Source, shape: Shape, columns: Sequence[ColumnElement[object]]) -> Query:
    names = (*shape.fields, *(key.name for key in shape.sort))
    query = select(*columns).select_from(joined_tables(source, names)).where(*_conditions(listing, listing.table, shape.filters))
    return _ordered(query, source, shape)


def _conditions(listing: Listing, base: FromClause, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    return [listing.filters[name](base) for name in sorted(filters)]


def _joined(source: Source, shape: Shape, total: ColumnElement[int]) -> Query:
    keys = [key.name for key in shape.sort if key.name not in shape.fields]
    names = (*shape.fields, *keys)
    columns = [source.expressions[name].label(name) for name in names]
    return select(*columns, total.label(TOTAL)).select_from(joined_tables(source, names))


def select_fields(listing: Listing, table: FromClause, names: Iterable[str]) -> Query:
    """Select these fields of all rows of a list, in ``table``."""
    source, names = listing.source(table), tuple(names)
    return select(*(source.expressions[name].label(name) for name in names)).select_from(joined_tables(source, names))


def joined_tables(source: Source, names: tuple[str, ...]) -> FromClause:
    """Join the base with the tables that these fields need."""
    clause = source.base
    for needed in dict.fromkeys(source.needs[name] for name in names if name in source.needs):
        join = source.joins[needed]
        clause = clause.outerjoin(join.target, join.on)
    return clause


def _ordered(query: Query, source: Source, shape: Shape) -> Query:
    for key in shape.sort:
        expression = source.expressions[key.name]
        query = query.order_by(expression.desc().nulls_last() if key.descending else expression.asc())
    return query


def _after(listing: Listing, source: Source, shape: Shape) -> list[ColumnElement[bool]]:
    """Select the rows after the cursor; nulls are last, whichever way a key sorts."""
    if shape.after is None:
        return []
    kinds = [listing.fields[key.name].kind for key in shape.sort]
    binds: list[ColumnElement[object]] = [bindparam(f"after_{i}", type_=_BIND_TYPES[kind]) for i, kind in enumerate(kinds)]
    expressions = [source.expressions[key.name] for key in shape.sort]
    if all(listing.fields[key.name].required for key in shape.sort) and len({key.descending for key in shape.sort}) == 1:
        # one row comparison, which can use an index on these columns
        row, place = tuple_(*expressions), tuple_(*binds)
        return [row < place if shape.sort[0].descending else row > place]
    alternatives: list[ColumnElement[bool]] = []
    for i, key in enumerate(shape.sort):
        same = [expressions[j].is_(None) if shape.after[j] else expressions[j] == binds[j] for j in range(i)]
        alternatives.append(and_(*same, _beyond(expressions[i], binds[i], key.descending, is_null=shape.after[i])))
    return [or_(*alternatives)]


def _beyond(expression: ColumnElement[object], place: ColumnElement[object], descending: bool, *, is_null: bool) -> ColumnElement[bool]:
    if is_null:
        return false()
    further = expression < place if descending else expression > place
    return or_(further, expression.is_(None))
