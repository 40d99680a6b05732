"""How often each value of a field occurs at a position and in a round, which answers aggregates of all rows of a list.

The read model ``value_count`` has a row per value; the rows that it counts are up to a thousand times as many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, Text, case, cast, func, insert, literal_column, select, tuple_, union_all

from app.aggregates.queries import NAME, PAIRED, Measure, groups_of
from app.combine.queries import LISTING as COMBINE
from app.datasets.read_models import COUNTED
from app.db.models import value_count
from app.db.statements import Query, compile_statement
from app.draft_picks.queries import LISTING as DRAFT_PICKS
from app.listing.model import Listing, Source
from app.prospects.queries import READ_MODEL as PROSPECTS

#: The lists that are counted, each with its column of the position.
_POSITIONS = {DRAFT_PICKS.name: "position", COMBINE.name: "pos", PROSPECTS.name: "position"}


def _text(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text)


def _by(listing: Listing) -> dict[str, str]:
    """Return the columns of a list that its values are counted by, each with its name in ``value_count``."""
    return {_POSITIONS[listing.name]: "position", groups_of(listing)["round"]: "round"}


def _counts(listing: Listing, field: str) -> Query:
    """Count the values of a field by position and by round."""
    source: Source = listing.source(listing.table)
    columns = {name: source.base.c[column] for column, name in _by(listing).items()}
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


def _counted_fields(listing: Listing) -> list[str]:
    source = listing.source(listing.table)
    return [name for name in COUNTED if name in source.expressions]


def counted_cells(
    listing: Listing, own: Sequence[ColumnElement[Any]], measures: Collection[Measure], labels: tuple[str, str, str]
) -> FromClause | None:
    """Return the cells of measures of one field by the columns ``own``, or None when ``value_count`` does not have them.

    ``labels`` name the value, its number of rows and the first name. Without a field, any one has the number of rows.
    """
    fields = {measure.field for measure in measures if measure.field}
    paired = any(measure.function in PAIRED for measure in measures)
    if listing.name not in _POSITIONS or paired or len(own) > 1 or len(fields) > 1:
        return None
    known, by = _counted_fields(listing), _by(listing)
    field = next(iter(fields), known[0])
    if field not in known or any(column.name not in by for column in own):
        return None
    counted_by = by[own[0].name] if own else "position"
    of, (value, number, name) = value_count.c, labels
    return (
        select(
            *(of[counted_by].label(column.name) for column in own),
            of.value.label(value),
            of.row_count.label(number),
            of.first_name.label(name),
        )
        .where(of.dataset == _text(listing.name), of.field == _text(field), of.counted_by == _text(counted_by))
        .subquery("cell")
    )


FILL = compile_statement(
    insert(value_count).from_select(
        [*value_count.c],
        union_all(*(_counts(listing, field) for listing in (DRAFT_PICKS, COMBINE, PROSPECTS) for field in _counted_fields(listing))),
    )
)
"""Fill the read model ``value_count``, which is empty; that of the prospects is filled."""
