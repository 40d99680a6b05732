"""Colleges with their counts."""

from sqlalchemy import Integer, Subquery, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.models import College, CollegeAlias, combine_entry, draft_pick
from app.db.statements import compile_statement
from app.listing.model import FieldInfo, Kind, described, plain_listing

FIELDS = described(
    FieldInfo("slug", Kind.TEXT, "the college in URLs", required=True, example="ohio-state"),
    FieldInfo("name", Kind.TEXT, "canonical name", required=True, example="Ohio State"),
    FieldInfo("picks", Kind.INTEGER, "draft selections since 1980", required=True, example=284),
    FieldInfo("combine_entries", Kind.INTEGER, "combine entries since 2000", required=True, example=228),
    FieldInfo("first_season", Kind.INTEGER, "earliest draft class with a selection", example=1980),
    FieldInfo("last_season", Kind.INTEGER, "latest draft class with a selection", example=2026),
    FieldInfo("curated", Kind.BOOLEAN, "false: a source names it, our reference list does not", required=True, example=True),
)


def _counts(table: Table, name: str) -> Subquery:
    counted = select(
        table.c.college_id,
        func.count().label("number"),
        func.min(table.c.season).label("first_season"),
        func.max(table.c.season).label("last_season"),
    )
    return counted.group_by(table.c.college_id).subquery(name)


def _counted_colleges() -> Subquery:
    picks, entries = _counts(draft_pick, "picks"), _counts(combine_entry, "entries")
    query = select(
        College.college_id,
        College.slug,
        College.name,
        College.curated,
        func.coalesce(picks.c.number, 0).label("picks"),
        func.coalesce(entries.c.number, 0).label("combine_entries"),
        picks.c.first_season,
        picks.c.last_season,
    )
    query = query.outerjoin_from(College, picks, picks.c.college_id == College.college_id)
    return query.outerjoin(entries, entries.c.college_id == College.college_id).subquery("counted_college")


LISTING = plain_listing(
    name="colleges",
    table=_counted_colleges(),
    fields=FIELDS,
    tie_break=("slug",),
    default_sort="-picks,name",
    filters={"college_ids": lambda base: base.c.college_id == func.any(bindparam("college_ids", type_=ARRAY(Integer)))},
)

_COLLEGE_ID = bindparam("college_id", type_=Integer)
ALIASES = compile_statement(select(CollegeAlias.alias).where(CollegeAlias.college_id == _COLLEGE_ID).order_by(CollegeAlias.alias))
CLASSES = compile_statement(
    select(draft_pick.c.season, func.count().label("picks"))
    .where(draft_pick.c.college_id == _COLLEGE_ID)
    .group_by(draft_pick.c.season)
    .order_by(draft_pick.c.season)
)
