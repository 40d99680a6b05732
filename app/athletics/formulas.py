"""The formulas, as SQL expressions: percentile, score of a measurement, Athletic Score. docs/analytics.md explains each with an example.

A rank is never counted from a position in a sorted list, which ties make ambiguous. It is counted from how many values are ``lower`` and
how many are ``equal``, among ``total`` values: the mean rank minus one half is ``lower + equal / 2``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Float, SQLColumnExpression, Text, case, cast, func, literal_column, or_

from app.db.statements import rounded
from app.people.schemas import TIMES

#: With fewer measurements there is neither an Athletic Score nor a distance.
FEWEST_SHARED = 5
PERCENTILE_DIGITS, SCORE_DIGITS, DISTANCE_DIGITS = 2, 3, 4
#: Means that agree in so many decimals are equal: adding the same scores in another order changes the sixteenth digit.
_MEAN_DIGITS = 9


def share_below(lower: SQLColumnExpression[int], equal: SQLColumnExpression[int], total: SQLColumnExpression[int]) -> ColumnElement[float]:
    """Return the share of values that are below a value, an equal value counting half: ``(lower + equal / 2) / total``.

    Null when there is nothing to compare with. This is the percentile rank of Roscoe (1975), (mean rank - 0.5) / n.
    """
    below: ColumnElement[float] = cast(lower, Float) + cast(equal, Float) * 0.5
    return cast(below / func.nullif(cast(total, Float), 0.0), Float)


def upwards(drill: str | ColumnElement[str], share: ColumnElement[float]) -> ColumnElement[float]:
    """Reverse the share of a time, of which less is better."""
    if isinstance(drill, str):
        return 1 - share if drill in TIMES else share
    return case((or_(*(drill == literal_column(f"'{name}'", Text) for name in sorted(TIMES))), 1 - share), else_=share)


def percentile(share: ColumnElement[float]) -> ColumnElement[float]:
    """Return ``100 · share``, rounded."""
    return rounded(100 * share, PERCENTILE_DIGITS)


def score_mean(shares: ColumnElement[float]) -> ColumnElement[float]:
    """Return ``10 · the mean share`` of the measurements, rounded far enough that equal means are equal."""
    # as floats: for all entries, rounding by way of ``numeric`` takes longer than everything else
    whole = func.round(shares * literal_column(f"1e{_MEAN_DIGITS + 1}", Float), type_=Float)
    return whole * literal_column(f"1e-{_MEAN_DIGITS}", Float)


def athletic_score(share: ColumnElement[float]) -> ColumnElement[float]:
    """Return the Athletic Score, ``10 · the share of means below``, so that the median is 5: the idea of Kent Lee Platte's RAS.

    It is not RAS, which is computed from other data.
    """
    return rounded(10 * share, SCORE_DIGITS)
