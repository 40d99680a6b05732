"""Groups and measures of the rows of a list: parsing what is asked for, and the groups of a statement."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, cast, literal_column, select

from app.db.statements import Query
from app.errors import InvalidParameter
from app.errors.wording import did_you_mean
from app.listing.model import Kind, Listing, Source
from app.listing.select import joined_tables
from app.parameters import is_plain

#: The fields that a group may stand for; a list has at most one of them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "season": ("season", "draft_year"),
    "round": ("round", "draft_round"),
    "pick": ("pick", "draft_ovr"),
    "position": ("position_leaf",),
    "group": ("position_group",),
    "franchise": ("franchise",),
    "college": ("college_slug",),
    "conference": ("college_conference",),
    "decade": ("season", "draft_year"),
}
MOST_GROUPS = 3
MOST_MEASURES = 10
MEASURES = (
    "count, count:FIELD, sum:FIELD, mean:FIELD, median:FIELD, min:FIELD, max:FIELD, who_min:FIELD, who_max:FIELD, quantile:FIELD:0.9, "
    "share:FIELD>=NUMBER (also <=, >, < and =), share:FLAG=true (or false), corr:FIELD:FIELD or pairs:FIELD:FIELD"
)
WHO = ("who_min", "who_max")
#: Measures of two fields.
PAIRED = ("corr", "pairs")
_FUNCTIONS = ("count", "sum", "mean", "median", "min", "max", *WHO, "quantile", "share", *PAIRED)
#: The field with the name of a row.
NAME = "name"
_TEN: ColumnElement[int] = literal_column("10", Integer)
COMPARISONS: Mapping[str, tuple[str, Callable[[ColumnElement[float], ColumnElement[float]], ColumnElement[bool]]]] = {
    ">=": ("min", lambda left, right: left >= right),
    "<=": ("max", lambda left, right: left <= right),
    ">": ("above", lambda left, right: left > right),
    "<": ("below", lambda left, right: left < right),
    "=": ("is", lambda left, right: left == right),
}
_TRUTHS = {"true": 1.0, "false": 0.0}


class Measure(NamedTuple):
    """One column of an aggregate: a function of a field or two, with the quantile or the bound of the condition.

    The bound of a flag, a field that is true or false, is 1 or 0; ``flag`` is the word for it.
    """

    function: str
    field: str = ""
    comparison: str = ""
    value: float = 0.0
    other: str = ""
    flag: str = ""

    @property
    def label(self) -> str:
        """The name of the column."""
        if self.function == "quantile":
            return f"quantile_{self.value:g}_{self.field}"
        if self.function == "share":
            return f"share_{self.field}_{COMPARISONS[self.comparison][0]}_{self.flag or format(self.value, 'g')}"
        return "_".join(filter(None, (self.function, self.field, self.other)))

    @property
    def fields(self) -> tuple[str, ...]:
        """What it is computed from."""
        names = (self.field, self.other, NAME if self.function in WHO else "")
        return tuple(name for name in names if name)


@lru_cache
def groups_of(listing: Listing) -> Mapping[str, str]:
    """Return the groups that the list has, each with its field.

    The position groups are those of the reference table: the file of players has others.
    """
    found = {group: next((name for name in names if name in listing.fields), "") for group, names in GROUPS.items()}
    by_position = "position_group" in listing.source(listing.table).needs
    return {group: name for group, name in found.items() if name and (by_position or group != "group")}


def measured_fields(listing: Listing) -> tuple[str, ...]:
    """Return the fields that are numbers; an id is not one."""
    return tuple(name for name, info in listing.fields.items() if info.kind in (Kind.INTEGER, Kind.NUMBER) and not name.endswith("_id"))


def parse_groups(text: str | None, listing: Listing) -> tuple[str, ...]:
    """Read ``group_by``.

    Raises:
        InvalidParameter: an unknown or repeated group, or too many.
    """
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    known = groups_of(listing)
    if unknown := next((name for name in names if name not in known), None):
        hint = did_you_mean(unknown, known)
        raise InvalidParameter("group_by", f"Unknown group {unknown[:40]!r}. {hint}Choose from {', '.join(known)}.", text)
    if "" in names or len(names) > MOST_GROUPS or len(set(names)) < len(names):
        raise InvalidParameter("group_by", f"Give up to {MOST_GROUPS} different groups of {', '.join(known)}.", text)
    return names


def parse_measures(text: str, listing: Listing) -> tuple[Measure, ...]:
    """Read ``measures``, each once.

    Raises:
        InvalidParameter: an unknown measure or field, a number that is out of range, or too many measures.
    """
    measures = tuple(dict.fromkeys(_measure(part.strip(), listing) for part in text.split(",")))
    if len(measures) > MOST_MEASURES:
        raise InvalidParameter("measures", f"Give at most {MOST_MEASURES} measures.")
    if len({measure.label for measure in measures}) < len(measures):
        raise InvalidParameter("measures", "Two measures differ only after the sixth digit of their number; omit one.")
    return measures


def _measure(text: str, listing: Listing) -> Measure:
    function, _, rest = text.partition(":")
    comparison, value, other, flag = "", 0.0, "", ""
    known = measured_fields(listing)
    if function == "share":
        comparison = next((sign for sign in COMPARISONS if sign in rest), "")
        rest, _, number = rest.partition(comparison) if comparison else (rest, "", "")
        value = _number(number)
        flags = tuple(name for name, info in listing.fields.items() if info.kind is Kind.BOOLEAN)
        known = (*known, *flags)
        if rest in flags:
            flag = number.lower()
            value = _TRUTHS.get(flag, math.nan) if comparison == "=" else math.nan
    elif function == "quantile":
        rest, _, number = rest.partition(":")
        value = _number(number)
    elif function in PAIRED:
        rest, _, other = rest.partition(":")
    if function not in _FUNCTIONS:
        raise InvalidParameter("measures", f"Unknown measure {text[:40]!r}. {did_you_mean(function, _FUNCTIONS)}Choose from {MEASURES}.")
    named = () if text == "count" else (rest, other) if function in PAIRED else (rest,)
    if wrong := [name for name in named if name not in known]:
        kind = "with numbers, or true or false" if function == "share" else "with numbers"
        hint = did_you_mean(wrong[0], known)
        raise InvalidParameter("measures", f"Cannot measure {wrong[0][:40]!r}. {hint}Fields {kind}: {', '.join(known)}.")
    if math.isnan(value) or (function == "quantile" and not 0 <= value <= 1) or (function == "share" and not comparison):
        raise InvalidParameter(
            "measures",
            f"Invalid number in {text[:40]!r}. Choose from {MEASURES}; a quantile lies between 0 and 1, a flag is true or false.",
        )
    return Measure(function, rest, comparison, value, other, flag)


def _number(text: str) -> float:
    """Return the number, NaN for anything else."""
    try:
        value = float(text) if is_plain(text) and len(text) <= 20 else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def grouped(
    listing: Listing,
    source: Source,
    groups: tuple[str, ...],
    columns: Sequence[ColumnElement[Any]],
    used: tuple[str, ...],
    filters: frozenset[str],
) -> Query:
    """Select ``columns``, which need the fields ``used``, of the filtered rows by group, in the order of the groups."""
    fields = groups_of(listing)
    keys = [group_key(source, group, fields[group]) for group in groups]
    named = [key.label(group) for group, key in zip(groups, keys, strict=True)]
    joined = joined_tables(source, (*(fields[group] for group in groups), *used))
    conditions = [listing.filters[name](listing.table) for name in sorted(filters)]
    return select(*named, *columns).select_from(joined).where(*conditions).group_by(*keys).order_by(*keys)


def group_key(source: Source, group: str, field: str) -> ColumnElement[Any]:
    """Return what rows of a group have in common."""
    expression = source.expressions[field]
    return cast(expression, Integer) // _TEN * _TEN if group == "decade" else expression
