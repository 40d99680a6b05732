"""What loads have changed, value by value."""

from sqlalchemy import BigInteger, DateTime, bindparam, func, select

from app.datasets import listed
from app.db.history_models import ChangeEvent
from app.db.statements import compile_statement
from app.listing.filters import among, from_number, is_person, one_of, to_number
from app.listing.model import FieldInfo, Kind, described, plain_listing

FIELDS = described(
    FieldInfo("event_id", Kind.INTEGER, "grows with time", required=True, example=1),
    FieldInfo("run_id", Kind.INTEGER, "the load, see /etl/runs/{run_id}", required=True, example=3),
    FieldInfo("dataset", Kind.TEXT, listed(), required=True, example="draft_picks"),
    FieldInfo("kind", Kind.TEXT, "added, changed or removed", required=True, example="changed"),
    FieldInfo("season", Kind.INTEGER, "season of the row, if it has one", example=2020),
    FieldInfo("pick", Kind.INTEGER, "overall number, of a draft pick", example=1),
    FieldInfo("person_id", Kind.INTEGER, "the person", example=11120),
    FieldInfo("name", Kind.TEXT, "name in the row, or its key", required=True, example="Joe Burrow"),
    FieldInfo("field", Kind.TEXT, "the column; null when a whole row came or went", example="games"),
    FieldInfo("old_value", Kind.TEXT, "before, as text", example="69"),
    FieldInfo("new_value", Kind.TEXT, "after, as text", example="77"),
    FieldInfo("created_at", Kind.TIMESTAMP, "when", required=True, example="2026-05-06T09:00:00Z"),
)


#: What the parameter ``since`` means, by the kind of its value.
AFTER_LOAD, FROM_DAY = "after_load", "from_day"

LISTING = plain_listing(
    name="changes",
    table=ChangeEvent.__table__,
    fields=FIELDS,
    tie_break=("event_id",),
    default_sort="-event_id",
    filters={
        "dataset": one_of("dataset", "dataset"),
        "kind": one_of("kind", "kind"),
        "field": one_of("field", "field"),
        "season": among("season", "season"),
        "season_min": from_number("season", "season_min"),
        "season_max": to_number("season", "season_max"),
        "run_id": among("run_id", "run_id"),
        "person_id": is_person(),
        AFTER_LOAD: lambda base: base.c.run_id > bindparam(AFTER_LOAD, type_=BigInteger),
        FROM_DAY: lambda base: base.c.created_at >= bindparam(FROM_DAY, type_=DateTime(timezone=True)),
    },
)
LATEST = compile_statement(select(func.coalesce(func.max(ChangeEvent.event_id), 0).label("event_id")))
