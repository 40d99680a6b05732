"""Weigh the evidence that two records are one person: every piece adds or takes points, and none decides alone.

A link needs ``NEEDED`` points, and ``MARGIN`` more than the next candidate. A pair that falls short by less than ``DOUBT`` points is a
conflict for a person to decide.
"""

import re
from functools import cache

import polars as pl

from pipeline.reference.catalog import nicknames

NEEDED, MARGIN, DOUBT = 5.0, 1.5, 1.0
#: Seasons between two records within which they may belong to one career start (combine, draft, a second draft).
CLOSE_SEASONS = 3
#: Points of a draft slot, and of an id, that both records have.
SLOT = 3.0
ID_POINTS = {"gsis": 4.0, "esb": 4.0, "pfr": 3.0, "cfb": 2.0}
#: Lost where the colleges differ as well: the sources join some ids by name, so that id and name are one piece of evidence then.
ID_ELSEWHERE = -1.5
#: Lost where both have a Pro-Football-Reference id and they differ: the source gives a player two of them now and then.
OTHER_PFR = -1.5
#: Differences between two visits to the combine that no player makes up in a few years: inches and pounds.
OTHER_HEIGHT, OTHER_WEIGHT = 3, 75

_SAME_NAME, _FIRST_AND_LAST, _VARIANT, _SAME_BEGINNING, _SURNAME_ONLY, _OTHER_NAME = 3.0, 2.5, 2.0, 1.0, 0.5, -1.0
#: One letter, or two that are not a name such as Al, Bo or Ty.
_INITIALS = re.compile("[a-z]|[^aeiou][^aeiouy]|[aeiou]j")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})


def same_class(year_apart: float = 0.5, far_away: float = -6.0) -> pl.Expr:
    """Return the points of the classes of two records: 1 for the same one, and less for others."""
    apart = (pl.col("season") - pl.col("season_other")).abs()
    return pl.when(apart == 0).then(1.0).when(apart == 1).then(year_apart).when(apart <= CLOSE_SEASONS).then(0.0).otherwise(far_away)


def with_score(pairs: pl.DataFrame, classes: pl.Expr, *more: pl.Expr) -> pl.DataFrame:
    """Add ``score`` to pairs of records: name, college and position together, and the points of ``classes`` and ``more``.

    Name 3 (a variant less, see ``name_points``), college 2 or -1, position 1 (the group alone 0.5). What a record does not say neither
    adds nor takes points.
    """
    college = pl.col("college_id") == pl.col("college_id_other")
    same_leaf = pl.col("position_leaf") == pl.col("position_leaf_other")
    same_group = pl.col("position_group") == pl.col("position_group_other")
    points = pl.when(college).then(2.0).when(college.is_null()).then(0.0).otherwise(-1.0)
    points = points + pl.when(same_leaf).then(1.0).when(same_group).then(0.5).otherwise(0.0)
    for each in (classes, *more):
        points = points + each
    same = pairs.select((pl.col("match_key") == pl.col("match_key_other")).fill_null(value=False)).to_series()
    names = same.cast(pl.Float64) * _SAME_NAME
    others = pairs.select("name_key", "name_key_other").filter(~same)
    if len(others):
        names = names.scatter(same.not_().arg_true(), [name_points(left, right) for left, right in others.iter_rows()])
    return pairs.with_columns((points + names).alias("score"))


def other_build(height: str, weight: str) -> pl.Expr:
    """Check that two visits (the other with the suffix ``_other``) differ more than one body can; an unmeasured one differs in nothing."""
    taller = (pl.col(height).cast(pl.Int32) - pl.col(f"{height}_other").cast(pl.Int32)).abs() > OTHER_HEIGHT
    heavier = (pl.col(weight).cast(pl.Int32) - pl.col(f"{weight}_other").cast(pl.Int32)).abs() > OTHER_WEIGHT
    return taller.fill_null(value=False) | heavier.fill_null(value=False)


def name_words(key: str) -> list[str]:
    """Return the words of a name key without a generation suffix: ``"john saint clair jr"`` → ``["john", "st", "clair"]``."""
    words = ["st" if word == "saint" else word for word in key.split()]
    return words[:-1] if len(words) > 1 and words[-1] in _SUFFIXES else words


def surnames(column: str) -> pl.Expr:
    """Return the words of name keys by which a relative, or the same person under another given name, is found."""
    words = pl.col(column).str.replace(f" (?:{'|'.join(sorted(_SUFFIXES))})$", "").str.split(" ").list.slice(1)
    return words.list.eval(pl.element().replace({"saint": "st"}))


def name_points(left: str, right: str) -> float:
    """Return the points of two name keys that are not the same name."""
    one, other = name_words(left), name_words(right)
    if len(one) < 2 or len(other) < 2 or not (one[-1] in other[1:] or other[-1] in one[1:]):
        return _OTHER_NAME
    if one[0] == other[0]:
        return _FIRST_AND_LAST
    if is_variant(one[0], other[0]):
        return _VARIANT
    return _SAME_BEGINNING if one[0][:2] == other[0][:2] else _SURNAME_ONLY


def is_variant(left: str, right: str) -> bool:
    """Check that two given names may be one: a nickname, the beginning or a long part of the other, or initials."""
    short, long = sorted((left, right), key=len)
    if (len(short) > 1 and long.startswith(short)) or (len(short) > 3 and short in long):
        return True
    return (short[0] == long[0] and _INITIALS.fullmatch(short) is not None) or not _full_names(left).isdisjoint(_full_names(right))


@cache
def _full_names(given: str) -> frozenset[str]:
    """Return the names that a given name stands for, itself included."""
    return frozenset({given, *(name for name, short in nicknames().items() if given in short)})
