"""The list of scores: every combine entry with its percentiles and its Athletic Score among all classes.

The places of single values are looked up in ``drill_distribution``, which each load writes. Ranking the scores takes longer than everything
else, so the end of a run does that: ``READ_MODEL`` reads them from ``entry_score``, and ``SCORES`` ranks them when they are read.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    null,
    select,
)
from sqlalchemy.orm import aliased

from app.athletics.formulas import FEWEST_SHARED, athletic_score, percentile, score_mean, share_below, upwards
from app.combine import queries as combine
from app.datasets.combine import DRILLS
from app.db.models import DrillDistribution, Position, combine_entry, entry_score
from app.db.statements import Query, compile_statement
from app.listing.filters import at_least, at_most
from app.listing.model import FieldInfo, Kind, Source, described
from app.people.schemas import FEWEST_FOR_A_LEAF

_position = Position.__table__
_MEASURES = {name: combine.FIELDS[name].description for name in DRILLS}
PERCENTILES = described(
    *(
        field
        for name, description in _MEASURES.items()
        for field in (
            FieldInfo(f"{name}_percentile", Kind.NUMBER, f"percentile of: {description}; more is better", example=96.26),
            FieldInfo(f"{name}_n", Kind.INTEGER, f"values compared for {name}_percentile", example=1162),
            FieldInfo(f"{name}_scope", Kind.TEXT, "the role that was compared, or the position group of a rare role", example="WR"),
        )
    )
)
SCORE = described(
    FieldInfo("athletic_score", Kind.NUMBER, "Athletic Score, from 0 to 10 with the median at 5", example=9.208),
    FieldInfo("athletic_n", Kind.INTEGER, "entries of the role that have an Athletic Score", required=True, example=991),
    FieldInfo("athletic_metrics", Kind.INTEGER, f"measurements of the eight that the entry has; {FEWEST_SHARED} are needed",
              required=True, example=8),
    FieldInfo("athletic_note", Kind.TEXT, "why the score is null"),
)  # fmt: skip
_BOUNDS = {"athletic_score_min": at_least, "athletic_score_max": at_most}


def _entries() -> Query:
    """Select each entry with the shares below its values, and the mean of its scores within the role."""
    columns: list[ColumnElement[Any]] = []
    clause: FromClause = combine_entry.outerjoin(_position, _position.c.code == combine_entry.c.pos)
    shares: list[ColumnElement[float]] = []
    for drill in DRILLS:
        leaf, group = (aliased(DrillDistribution, name=f"{drill}_{scope}") for scope in ("leaf", "group"))
        for table, scope, label in ((leaf, "leaf", _position.c.leaf), (group, "group", _position.c.position_group)):
            same = (table.scope == literal_column(f"'{scope}'", Text), table.drill == literal_column(f"'{drill}'", Text))
            clause = clause.outerjoin(table, and_(*same, table.position == label, table.value == cast(combine_entry.c[drill], Float)))
        shares.append(upwards(drill, share_below(leaf.lower, leaf.equal, leaf.total)))
        among_group = upwards(drill, share_below(group.lower, group.equal, group.total))
        enough = leaf.total >= literal_column(str(FEWEST_FOR_A_LEAF))
        columns += [
            case((enough, shares[-1]), else_=among_group).label(f"{drill}_share"),
            case((enough, leaf.total), else_=group.total).label(f"{drill}_n"),
            case((group.total.is_(None), null()), (enough, _position.c.leaf), else_=_position.c.position_group).label(f"{drill}_scope"),
        ]
    total = functools.reduce(operator.add, (func.coalesce(each, 0.0) for each in shares))
    metrics = func.num_nonnulls(*(combine_entry.c[drill] for drill in DRILLS))
    enough = metrics >= literal_column(str(FEWEST_SHARED))
    return select(
        *combine_entry.c,
        *columns,
        _position.c.leaf.label("leaf"),
        metrics.label("athletic_metrics"),
        case((enough, score_mean(total / cast(metrics, Float)))).label("mean"),
    ).select_from(clause)


def _scored() -> Subquery:
    """Rank the means within the role: nulls come last and are not counted."""
    entries = _entries().subquery("measured")
    columns = entries.c
    number = func.count(columns.mean).over(partition_by=columns.leaf)
    below = func.rank().over(partition_by=columns.leaf, order_by=columns.mean) - 1
    equal = func.count().over(partition_by=(columns.leaf, columns.mean))
    score = case((columns.mean.is_not(None), athletic_score(share_below(below, equal, number))))
    return _shown(entries, columns.mean, score, number).subquery("athletic_score")


def _stored() -> Subquery:
    """Read mean and score from the read model, which has every entry."""
    entries, scores = _entries().subquery("measured"), entry_score.c
    same = and_(entries.c.season == scores.season, entries.c.person_id == scores.person_id)
    query = _shown(entries, scores.mean, scores.athletic_score, scores.athletic_n)
    return query.join_from(entries, entry_score, same).subquery("athletic_score")


def _shown(entries: FromClause, mean: ColumnElement[Any], score: ColumnElement[Any], number: ColumnElement[Any]) -> Query:
    reason = cast(entries.c.athletic_metrics, Text).concat(f" of {len(DRILLS)} measurements; at least {FEWEST_SHARED} are needed")
    return select(
        *(each for each in entries.c if each.name not in ("leaf", "mean")),
        mean.label("mean"),
        score.label("athletic_score"),
        number.label("athletic_n"),
        case((mean.is_(None), reason)).label("athletic_note"),
    )


def _source(base: FromClause) -> Source:
    """Round the percentiles here, which is done for the rows of a page only."""
    percentiles: dict[str, ColumnElement[Any]] = {f"{drill}_percentile": percentile(base.c[f"{drill}_share"]) for drill in DRILLS}
    others: dict[str, ColumnElement[Any]] = {name: base.c[name] for name in (*PERCENTILES, *SCORE) if name not in percentiles}
    source = combine.LISTING.source(base)
    return replace(source, expressions={**source.expressions, **percentiles, **others})


_WHO = ("season", "person_id", "name", "pos", "position_leaf", "position_group", "school")
FIELDS = {**combine.FIELDS, **PERCENTILES, **SCORE}
SCORES = replace(
    combine.LISTING,
    name="athletic_scores",
    table=_scored(),
    source=_source,
    fields=FIELDS,
    default_fields=(*_WHO, *SCORE, *DRILLS),  # half of the joins are left out when no percentile is requested
    export_fields=(*_WHO, "college_slug", *DRILLS, *SCORE, *PERCENTILES),
    default_sort="-athletic_score",
    filters={**combine.LISTING.filters, **{name: bound("athletic_score", name) for name, bound in _BOUNDS.items()}},
    plain=combine_entry,
    computed=frozenset(_BOUNDS),
)
READ_MODEL = replace(SCORES, table=_stored())
"""The same list with the scores from the read model."""
FILL = compile_statement(insert(entry_score).from_select([*entry_score.c], select(*(SCORES.table.c[each.name] for each in entry_score.c))))
"""Fill the read model ``entry_score``, which is empty."""
STORED_SCORE = compile_statement(
    select(entry_score.c.mean, entry_score.c.athletic_score.label("score"), entry_score.c.athletic_n.label("total")).where(
        entry_score.c.season == bindparam("visit", type_=Integer), entry_score.c.person_id == bindparam("person_id", type_=Integer)
    )
)
"""Select what ``ATHLETIC_SCORE`` computes of a visit among all classes."""
