"""Correlations from cells: what each cell stores of two fields, and the correlation of a group of cells.

Within a cell, PostgreSQL sums the squared deviations from the cell's means; those of the means from the group's mean are added here.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, Integer, and_, case, cast, func, literal_column

from app.db.statements import rounded

_DIGITS = 4
#: A field whose variance is less than this share of its mean square is constant: the rest is an error of rounding.
_CONSTANT: ColumnElement[float] = literal_column("1e-12", Float)
_ZERO: ColumnElement[int] = literal_column("0", Integer)

#: The names of the numbers that a cell has of two fields.
PARTS = ("n", "one", "other", "square_one", "square_other", "product")


def cell_parts(one: ColumnElement[float], other: ColumnElement[float]) -> dict[str, ColumnElement[Any]]:
    """Return ``PARTS`` of a cell. PostgreSQL computes all of them from the same sums."""
    functions = (func.regr_avgy, func.regr_avgx, func.regr_syy, func.regr_sxx, func.regr_sxy)
    numbers = (cast(func.regr_count(one, other), Integer), *(function(one, other) for function in functions))
    return dict(zip(PARTS, numbers, strict=True))


def pairs_of_cells(cells: FromClause, prefix: str) -> ColumnElement[int]:
    """Return the number of rows of a group of cells that have both fields."""
    return func.coalesce(func.sum(cells.c[f"{prefix}_n"]), _ZERO)


def correlation_of_cells(cells: FromClause, prefix: str) -> ColumnElement[Any]:
    """Return the correlation in a group of cells, null when a field is constant."""
    n, one, other = (cells.c[f"{prefix}_{name}"] for name in ("n", "one", "other"))
    total = cast(func.nullif(func.sum(n), _ZERO), Float)

    def deviations(within: str, left: ColumnElement[float], right: ColumnElement[float]) -> ColumnElement[float]:
        between = func.sum(n * left * right) - func.sum(n * left) * func.sum(n * right) / total
        result: ColumnElement[float] = func.sum(cells.c[f"{prefix}_{within}"]) + between
        return result

    squares = deviations("square_one", one, one), deviations("square_other", other, other)
    varied = (square > _CONSTANT * func.sum(n * mean * mean) for square, mean in zip(squares, (one, other), strict=True))
    value = deviations("product", one, other) / func.sqrt(squares[0]) / func.sqrt(squares[1])
    return _unless_constant(varied, value)


def correlation_of_rows(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[Any]:
    """Return the correlation in a group of rows, null when a field is constant."""
    squares = (func.regr_syy(one, other), func.regr_avgy(one, other)), (func.regr_sxx(one, other), func.regr_avgx(one, other))
    varied = (square > _CONSTANT * func.regr_count(one, other) * mean * mean for square, mean in squares)
    return _unless_constant(varied, func.corr(one, other))


def _unless_constant(varied: Iterable[ColumnElement[bool]], value: ColumnElement[float]) -> ColumnElement[Any]:
    # the last digits depend on the order in which rows are added
    return case((and_(*varied), rounded(value, _DIGITS)))
