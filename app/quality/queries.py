"""How complete the data are, and what loads found wrong."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    exists,
    false,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.datasets import DATASETS, listed
from app.db.models import LoadedDataset, LoadRun, facts
from app.db.quality_models import QualityAcknowledgement, QualityDecision, QualityIssue
from app.db.statements import Statement, compile_statement
from app.listing.filters import among, flag, from_number, one_of, to_number
from app.listing.model import FieldInfo, Kind, described, plain_listing


class FillCounts(NamedTuple):
    """The statement that counts the rows, and those with a value in each of ``fields``: season, rows, then a count per field."""

    fields: tuple[str, ...]
    statement: Statement


@cache
def fill_counts(name: str, *, by_season: bool, chosen: bool) -> FillCounts:
    """Count what is filled in the stored rows of a data set; ``chosen``: only in the seasons bound as ``season``."""
    dataset, table = DATASETS[name], facts[name]
    fields = tuple(field.name for field in dataset.stored if field.name in dataset.listed)
    season = table.c[dataset.season] if dataset.season and by_season else null()
    counts = (func.count(table.c[field]).label(f"filled_{field}") for field in fields)
    query = select(season.label("of_season"), func.count().label("row_count"), *counts)
    if by_season:
        query = query.group_by(season).order_by(season)
    if chosen:
        query = query.where(among(str(dataset.season), "season")(table))
    return FillCounts(fields, compile_statement(query))


FIELDS = described(
    FieldInfo("issue_id", Kind.INTEGER, "grows with time", required=True, example=1),
    FieldInfo("run_id", Kind.INTEGER, "the load, see /etl/runs/{run_id}", required=True, example=2),
    FieldInfo("dataset", Kind.TEXT, listed(), required=True, example="combine"),
    FieldInfo("severity", Kind.TEXT, "info, warning, quarantine or error", required=True, example="warning"),
    FieldInfo("rule", Kind.TEXT, "the rule that was broken", required=True, example="outlier"),
    FieldInfo("season", Kind.INTEGER, "season of the row", example=2001),
    FieldInfo("entity", Kind.TEXT, "which row", example="2001/Brian Gray"),
    FieldInfo("field", Kind.TEXT, "which column", example="forty"),
    FieldInfo("value", Kind.TEXT, "the value, as text", example="5.62"),
    FieldInfo("expected", Kind.INTEGER, "the count that the value fell short of, after a loss"),
    FieldInfo("message", Kind.TEXT, "what is wrong, in words", required=True),
)


_ABOUT = {
    "dataset": one_of("dataset", "dataset"),
    "rule": one_of("rule", "rule"),
    "field": one_of("field", "field"),
    "season": among("season", "season"),
    "season_min": from_number("season", "season_min"),
    "season_max": to_number("season", "season_max"),
}
_FILTERS = {**_ABOUT, "severity": one_of("severity", "severity")}
ISSUES = plain_listing(
    name="quality_issues",
    table=QualityIssue.__table__,
    fields=FIELDS,
    tie_break=("issue_id",),
    default_sort="-issue_id",
    filters={**_FILTERS, "run_id": among("run_id", "run_id")},
)

#: What a finding says. The next load writes it again under another number; an acknowledgement holds for all that say the same.
SAYS = ("dataset", "rule", "season", "entity", "field", "value")
ACKNOWLEDGEMENT = ("reason", "acknowledged_by", "acknowledged_at")
_issue, _run, _loaded = QualityIssue.__table__.c, LoadRun.__table__.c, LoadedDataset.__table__.c
_acknowledged = QualityAcknowledgement.__table__.c


def _say_the_same(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    return and_(*(left.c[name].is_not_distinct_from(right.c[name]) for name in SAYS))


# the load that wrote the present rows says what holds of them, and the last one why it was refused
_SPEAKING = union_all(
    select(_loaded.run_id, false().label("refused")).where(_loaded.row_count > literal_column("0", BigInteger)),
    select(func.max(_run.run_id), true()).where(_run.state != literal_column("'running'", Text)).group_by(_run.dataset),
).subquery("speaking")
FINDING = (
    select(
        *QualityIssue.__table__.c,
        _acknowledged.acknowledgement_id.is_not(None).label("acknowledged"),
        *(_acknowledged[name] for name in ACKNOWLEDGEMENT),
    )
    .select_from(
        QualityIssue.__table__.join(
            _SPEAKING,
            and_(
                _issue.run_id == _SPEAKING.c.run_id,
                (_issue.severity == literal_column("'error'", Text)).is_not_distinct_from(_SPEAKING.c.refused),
            ),
        ).outerjoin(QualityAcknowledgement.__table__, _say_the_same(QualityIssue.__table__, QualityAcknowledgement.__table__))
    )
    .subquery("finding")
)
"""A row per finding that holds now: one that the latest load of its data set does not repeat has closed by itself."""

FINDING_FIELDS = {
    **FIELDS,
    **described(
        FieldInfo("acknowledged", Kind.BOOLEAN, "whether a person has looked at it", required=True, example=False),
        FieldInfo("reason", Kind.TEXT, "why it is acceptable", example="upstream confirmed the time"),
        FieldInfo("acknowledged_by", Kind.TEXT, "who said so"),
        FieldInfo("acknowledged_at", Kind.TIMESTAMP, "when"),
    ),
}
FINDINGS = plain_listing(
    name="quality_findings",
    table=FINDING,
    fields=FINDING_FIELDS,
    tie_break=("issue_id",),
    default_sort="acknowledged,dataset,rule,season",
    filters={**_FILTERS, "acknowledged": flag("acknowledged", "acknowledged")},
)

SUMMARY = compile_statement(
    select(
        *(FINDING.c[name] for name in ("dataset", "severity", "rule", "field")),
        func.count().filter(~FINDING.c.acknowledged).label("open"),
        func.count().filter(FINDING.c.acknowledged).label("acknowledged"),
    )
    .group_by(FINDING.c.dataset, FINDING.c.severity, FINDING.c.rule, FINDING.c.field)
    .order_by(FINDING.c.dataset, FINDING.c.severity, FINDING.c.rule, FINDING.c.field)
)

_asked = QualityIssue.__table__.alias("asked")
STANDING = (
    select(_asked.c.issue_id.label("asked_for"), FINDING)
    .join_from(_asked, FINDING, _say_the_same(_asked, FINDING))
    .where(_asked.c.issue_id == func.any(bindparam("issue_ids", type_=ARRAY(BigInteger))))
)
"""The findings that hold and say the same as the issues asked for, which an earlier load may have written."""

ACCEPTED = (
    select(_asked.c.issue_id.label("asked_for"), _asked.c.message, *(_acknowledged[name] for name in ("acknowledgement_id", *SAYS)))
    .join_from(_asked, QualityAcknowledgement.__table__, _say_the_same(_asked, QualityAcknowledgement.__table__))
    .where(_asked.c.issue_id == func.any(bindparam("issue_ids", type_=ARRAY(BigInteger))))
)
"""The acknowledgements of the issues asked for, or of others that say the same, whether or not they hold now."""

_decided = QualityDecision.__table__.c
_acknowledge = literal_column("'acknowledge'", Text)
_missing = ~exists().where(
    _decided.kind == _acknowledge,
    _decided.decided_at == _acknowledged.acknowledged_at,
    _say_the_same(QualityDecision.__table__, QualityAcknowledgement.__table__),
).correlate(QualityAcknowledgement.__table__)
_as_decision = (
    _acknowledge.label("kind"),
    *(_acknowledged[name] for name in (*SAYS, "reason")),
    _acknowledged.acknowledged_by.label("decided_by"),
    _acknowledged.acknowledged_at.label("decided_at"),
)
RECORD_MISSING = insert(QualityDecision).from_select([column.name for column in _as_decision], select(*_as_decision).where(_missing))
"""Record the acknowledgements by a release that knows no decisions, which may go on working after the migration."""
_DECISION = union_all(
    select(_decided.decision_id, *(_decided[column.name] for column in _as_decision)),
    select((-_acknowledged.acknowledgement_id).label("decision_id"), *_as_decision).where(_missing),
).subquery("decision")
KINDS = ("acknowledge", "withdraw")
DECISION_FIELDS = described(
    FieldInfo(
        "decision_id",
        Kind.INTEGER,
        "grows with time; negative while an acknowledgement by an older release has no number yet, which the next decision gives it",
        required=True,
        example=1,
    ),
    FieldInfo("kind", Kind.TEXT, " or ".join(KINDS), required=True, example="acknowledge"),
    *(FIELDS[name] for name in SAYS),
    FieldInfo("reason", Kind.TEXT, "why", required=True, example="upstream confirmed the time"),
    FieldInfo("decided_by", Kind.TEXT, "who decided", required=True, example="ana"),
    FieldInfo("decided_at", Kind.TIMESTAMP, "when", required=True, example="2026-05-06T09:00:00Z"),
)
DECISIONS = plain_listing(
    name="quality_decisions",
    table=_DECISION,
    fields=DECISION_FIELDS,
    tie_break=("decision_id",),
    default_sort="-decision_id",
    filters={**_ABOUT, "kind": one_of("kind", "kind")},
)
RECORDED = {
    name: compile_statement(
        union_all(
            *(select(table[name]).where(table[name] == bindparam("text", type_=Text)) for table in (_issue, _decided, _acknowledged))
        ).limit(1)
    )
    for name in ("rule", "field")
}
"""Select whether a finding or a decision has a rule, or a field."""
