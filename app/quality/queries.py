"""How complete the data are, and what loads found wrong."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sqlalchemy import func, null, select

from app.datasets import DATASETS, listed
from app.db.models import QualityIssue, facts
from app.db.statements import Statement, compile_statement
from app.listing.filters import among, equals, from_number, is_text, one_of, to_number
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
    FieldInfo("message", Kind.TEXT, "what is wrong, in words", required=True),
)


ISSUES = plain_listing(
    name="quality_issues",
    table=QualityIssue.__table__,
    fields=FIELDS,
    tie_break=("issue_id",),
    default_sort="-issue_id",
    filters={
        "dataset": one_of("dataset", "dataset"),
        "severity": one_of("severity", "severity"),
        "rule": is_text("rule", "rule"),
        "field": is_text("field", "field"),
        "season": among("season", "season"),
        "season_min": from_number("season", "season_min"),
        "season_max": to_number("season", "season_max"),
        "run_id": equals("run_id", "run_id"),
    },
)
