"""Read models that answer aggregates of all rows of a list without reading them.

``value_count`` has how often each value of a field occurs at a position and in a round, ``group_sum`` the sums of the fields, and of every
two of them, by several columns at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Text,
    case,
    cast,
    func,
    insert,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from app.aggregates.correlations import PARTS, cell_parts
from app.aggregates.queries import NAME, PAIRED, Measure, groups_of
from app.combine.queries import LISTING as COMBINE
from app.datasets.read_models import COUNTED
from app.db.models import group_sum, value_count
from app.db.statements import Query, compile_statement
from app.draft_picks.queries import LISTING as DRAFT_PICKS
from app.listing.model import Listing, Source
from app.prospects.queries import READ_MODEL as PROSPECTS

#: The lists that are counted and summed, each with its column of the position.
_POSITIONS = {DRAFT_PICKS.name: "position", COMBINE.name: "pos", PROSPECTS.name: "position"}
_LISTINGS = (DRAFT_PICKS, COMBINE, PROSPECTS)
_COUNTED_BY = ("position", "round")
_SUMMED_BY = (("season", "round", "position"), ("season", "franchise_id"))
_PAIRED_BY = ("position", "round")


class Labels(NamedTuple):
    """The names that cells have for the number of their rows and, if they are separated by a value, for it and the first name."""

    rows: str
    value: str
    first_name: str


def _text(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text)


def _source(listing: Listing) -> Source:
    return listing.source(listing.table)


def _fields(listing: Listing) -> list[str]:
    """Return the fields of a list that are counted and summed."""
    return [name for name in COUNTED if name in _source(listing).expressions]


def _columns(listing: Listing, stored: Sequence[str]) -> dict[str, str]:
    """Return, by their names in a read model, those columns of a list that it has."""
    groups = groups_of(listing)
    names = {"season": groups["season"], "round": groups["round"], "position": _POSITIONS[listing.name], "franchise_id": "franchise_id"}
    return {name: names[name] for name in stored if names[name] in _source(listing).base.c}


def stored_cells(
    listing: Listing, own: Sequence[ColumnElement[Any]], measures: Collection[Measure], labels: Labels
) -> tuple[FromClause, str | None] | None:
    """Return the cells by the columns ``own``, and the field by whose values they are separated, if by any.

    None: no read model has what the measures need.
    """
    if listing.name not in _POSITIONS:
        return None
    fields = {name for measure in measures for name in measure.fields if name != NAME}
    if not fields.issubset(_fields(listing)):
        return None
    wanted = {column.name for column in own}
    if all(measure.function in ("count", "sum", "mean") for measure in measures):
        for by in _SUMMED_BY:
            if wanted.issubset(_columns(listing, by).values()):
                return _summed(listing, by, own, measures, labels), None
    if not wanted.issubset(_columns(listing, _PAIRED_BY).values()):
        return None
    if all(measure == Measure("count") or (measure.other and measure.other != measure.field) for measure in measures):
        return _paired(listing, own, measures, labels), None
    if len(wanted) > 1 or len(fields) > 1 or any(measure.function in PAIRED for measure in measures):
        return None
    field = next(iter(fields), _fields(listing)[0])  # without a field, any one has the number of rows
    return _counted(listing, field, own, labels), field


# --- value_count ------------------------------------------------------------------------------------------------------------------


def _counts(listing: Listing, field: str) -> Query:
    """Count the values of a field by position and by round."""
    source = _source(listing)
    columns = {name: source.base.c[column] for name, column in _columns(listing, _COUNTED_BY).items()}
    value = cast(source.expressions[field], Float)
    counted_by = case((func.grouping(columns["round"]) == literal_column("0"), _text("round")), else_=_text("position"))
    stored: dict[str, ColumnElement[Any]] = {
        "dataset": _text(listing.name),
        "field": _text(field),
        "counted_by": counted_by,
        **columns,
        "value": value,
        "row_count": func.count(),
        "first_name": func.min(source.expressions[NAME]),
    }
    sets = func.grouping_sets(*(tuple_(column, value) for column in columns.values()))
    return select(*(stored[column.name] for column in value_count.c)).select_from(source.base).group_by(sets)


def _counted(listing: Listing, field: str, own: Sequence[ColumnElement[Any]], labels: Labels) -> FromClause:
    names = {column: name for name, column in _columns(listing, _COUNTED_BY).items()}
    counted_by = names[own[0].name] if own else "position"
    of = value_count.c
    return (
        select(
            *(of[counted_by].label(column.name) for column in own),
            of.value.label(labels.value),
            of.row_count.label(labels.rows),
            of.first_name.label(labels.first_name),
        )
        .where(of.dataset == _text(listing.name), of.field == _text(field), of.counted_by == _text(counted_by))
        .subquery("cell")
    )


# --- group_sum --------------------------------------------------------------------------------------------------------------------


def _sums(listing: Listing, by: Sequence[str], numbers: Sequence[ColumnElement[Any]]) -> Query:
    """Select the ``numbers`` of each group of rows."""
    source = _source(listing)
    columns = {name: source.base.c[column] for name, column in _columns(listing, by).items()}
    stored: dict[str, ColumnElement[Any]] = {
        "dataset": _text(listing.name),
        "summed_by": _text(" ".join(by)),
        "row_count": func.count(),
        "numbers": array([cast(number, Float) for number in numbers]),
    }
    selected = (
        stored[column.name] if column.name in stored else columns.get(column.name, cast(null(), column.type)) for column in group_sum.c
    )
    return select(*selected).select_from(source.base).group_by(*columns.values())


def _numbers_of_fields(listing: Listing) -> list[ColumnElement[Any]]:
    """Return two numbers for each field: of its values, and their sum."""
    values = (cast(_source(listing).expressions[name], Float) for name in _fields(listing))
    return [number for value in values for number in (func.count(value), func.sum(value))]


def _numbers_of_pairs(listing: Listing) -> list[ColumnElement[Any]]:
    """Return six numbers for every two fields, those that a correlation follows from."""
    expressions = {name: cast(_source(listing).expressions[name], Float) for name in _fields(listing)}
    pairs = combinations(expressions.values(), 2)
    return [number for one, other in pairs for number in cell_parts(one, other).values()]


def _all_sums() -> Iterator[Query]:
    for listing in _LISTINGS:
        numbers = _numbers_of_fields(listing)
        yield from (_sums(listing, by, numbers) for by in _SUMMED_BY if len(_columns(listing, by)) == len(by))
        yield _sums(listing, _PAIRED_BY, _numbers_of_pairs(listing))


def _of_group_sum(listing: Listing, by: Sequence[str], own: Sequence[ColumnElement[Any]], rows: str) -> Query:
    names = {column: name for name, column in _columns(listing, by).items()}
    of = group_sum.c
    columns = [of[names[column.name]].label(column.name) for column in own]
    return select(*columns, of.row_count.label(rows)).where(of.dataset == _text(listing.name), of.summed_by == _text(" ".join(by)))


def _summed(
    listing: Listing, by: Sequence[str], own: Sequence[ColumnElement[Any]], measures: Collection[Measure], labels: Labels
) -> FromClause:
    query, numbers, fields = _of_group_sum(listing, by, own, labels.rows), group_sum.c.numbers, _fields(listing)
    for name in dict.fromkeys(measure.field for measure in measures if measure.field):
        first = 2 * fields.index(name) + 1
        query = query.add_columns(cast(numbers[first], Integer).label(f"n_{name}"), numbers[first + 1].label(f"sum_{name}"))
    return query.subquery("cell")


def _paired(listing: Listing, own: Sequence[ColumnElement[Any]], measures: Collection[Measure], labels: Labels) -> FromClause:
    query, numbers, fields = _of_group_sum(listing, _PAIRED_BY, own, labels.rows), group_sum.c.numbers, _fields(listing)
    pairs = list(combinations(fields, 2))
    for one, other in dict.fromkeys((measure.field, measure.other) for measure in measures if measure.other):
        # a correlation is the same in both directions
        first = len(PARTS) * next(index for index, pair in enumerate(pairs) if {*pair} == {one, other}) + 1
        of = {part: numbers[first + index] for index, part in enumerate(PARTS)}
        of["n"] = cast(of["n"], Integer)
        query = query.add_columns(*(number.label(f"{one}_{other}_{part}") for part, number in of.items()))
    return query.subquery("cell")


#: ``COUNTS`` and ``SUMS`` fill the read models, which are empty; that of the prospects is filled.
COUNTS = compile_statement(
    insert(value_count).from_select(
        [*value_count.c], union_all(*(_counts(listing, field) for listing in _LISTINGS for field in _fields(listing)))
    )
)
SUMS = compile_statement(insert(group_sum).from_select([*group_sum.c], union_all(*_all_sums())))
