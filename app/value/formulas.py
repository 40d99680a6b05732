"""The formulas, as SQL expressions: Wilson interval and expected value. docs/analytics.md explains each with an example."""

from sqlalchemy import ColumnElement, Float, FromClause, SQLColumnExpression, and_, case, cast, func, literal_column, select

from app.db.models import draft_pick
from app.db.statements import Query, rounded

#: The classes and picks that the expected value is fitted to: seven rounds, and careers that are almost over.
FIRST_CLASS, LAST_CLASS, LAST_PICK = 1994, 2015, 224
#: A class is counted by itself once it is so many years older than the latest one.
YEARS_OF_A_CAREER = 5
RATE_DIGITS, VALUE_DIGITS, MODEL_DIGITS = 6, 2, 6
_Z: ColumnElement[float] = literal_column("1.959963984540054", Float)  # 97.5 % of a normal distribution lie below it


def wilson(hits: SQLColumnExpression[int], total: SQLColumnExpression[int]) -> tuple[ColumnElement[float], ...]:
    """Return the rate ``hits / total`` and the ends of its 95 % interval (Wilson 1927), null without anything to count."""
    n = cast(func.nullif(total, 0), Float)
    rate = cast(hits, Float) / n
    square, scale = _Z * _Z / n, 1.0 + _Z * _Z / n
    centre = (rate + square / 2.0) / scale
    half: ColumnElement[float] = _Z * func.sqrt(rate * (1.0 - rate) / n + square / (4.0 * n)) / scale
    return tuple(rounded(each, RATE_DIGITS) for each in (rate, centre - half, centre + half))


VALUE: ColumnElement[float] = cast(func.coalesce(draft_pick.c.w_av, 0), Float)
"""The value of a selection: without a record, nothing came of it."""
_LN_PICK: ColumnElement[float] = func.ln(cast(draft_pick.c.pick, Float))
FITTED = and_(draft_pick.c.season.between(FIRST_CLASS, LAST_CLASS), draft_pick.c.pick <= LAST_PICK)
"""The selections that the model is fitted to."""


def model() -> Query:
    """Select the line of least squares, value = intercept + slope · ln(pick), and the number of selections it is fitted to."""
    return select(
        func.regr_intercept(VALUE, _LN_PICK).label("intercept"), func.regr_slope(VALUE, _LN_PICK).label("slope"), func.count().label("n")
    ).where(FITTED)


def expected(line: FromClause) -> ColumnElement[float]:
    """Return the expected value of a selection, null beyond the last pick of the model."""
    return case((draft_pick.c.pick <= LAST_PICK, line.c.intercept + line.c.slope * _LN_PICK))
