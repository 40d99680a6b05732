"""The ledger of loads."""

from sqlalchemy import BigInteger, Text, bindparam, case, cast, func, select

from app.datasets import listed
from app.db.models import LoadRun
from app.db.quality_models import QualityIssue
from app.db.statements import compile_statement
from app.listing.filters import flag, one_of
from app.listing.model import FieldInfo, Kind, described, plain_listing

FIELDS = described(
    FieldInfo("run_id", Kind.INTEGER, "grows with time", required=True, example=1),
    FieldInfo("source", Kind.TEXT, listed("sample"), required=True, example="draft_picks"),
    FieldInfo("dataset", Kind.TEXT, listed(), required=True, example="draft_picks"),
    FieldInfo("trigger", Kind.TEXT, "command, schedule, start or rollback", required=True, example="schedule"),
    FieldInfo("state", Kind.TEXT, "running, loaded, unchanged, skipped, held or failed", required=True, example="loaded"),
    FieldInfo("location", Kind.TEXT, "file or URL the data came from"),
    FieldInfo("file_format", Kind.TEXT, "csv or parquet", example="parquet"),
    FieldInfo("checksum", Kind.TEXT, "sha256 of the file"),
    FieldInfo("byte_count", Kind.INTEGER, "size of the file"),
    FieldInfo("published_at", Kind.TIMESTAMP, "when upstream published the file: Last-Modified, or the date in its name"),
    FieldInfo("synthetic", Kind.BOOLEAN, "made-up data", required=True, example=False),
    FieldInfo("rows_read", Kind.INTEGER, "rows in the file", example=12927),
    FieldInfo("rows_inserted", Kind.INTEGER, "rows added", example=514),
    FieldInfo("rows_updated", Kind.INTEGER, "rows changed", example=3021),
    FieldInfo("rows_deleted", Kind.INTEGER, "rows removed", example=0),
    FieldInfo("rows_unchanged", Kind.INTEGER, "rows that were the same", example=9392),
    FieldInfo("rows_quarantined", Kind.INTEGER, "rows or values set aside", example=0),
    FieldInfo("warning_count", Kind.INTEGER, "warnings", required=True, example=2),
    FieldInfo("dataset_version", Kind.INTEGER, "version of the dataset after the load", example=3),
    FieldInfo("started_at", Kind.TIMESTAMP, "when it started", required=True, example="2026-05-06T09:00:00Z"),
    FieldInfo("finished_at", Kind.TIMESTAMP, "when it ended", example="2026-05-06T09:00:04Z"),
    FieldInfo("next_attempt_at", Kind.TIMESTAMP, "when the schedule tries again, after a load that did not succeed"),
    FieldInfo("step", Kind.TEXT, "the step that is running, or that failed"),
    FieldInfo("error", Kind.TEXT, "why it failed, in one sentence"),
)


LISTING = plain_listing(
    name="etl_runs",
    table=LoadRun.__table__,
    fields=FIELDS,
    tie_break=("run_id",),
    default_sort="-run_id",
    filters={
        "dataset": one_of("dataset", "dataset"),
        "source": one_of("source", "source"),
        "state": one_of("state", "state"),
        "trigger": one_of("trigger", "trigger"),
        "synthetic": flag("synthetic", "synthetic"),
    },
)

_RUN_ID = bindparam("run_id", type_=BigInteger)
RUN = compile_statement(
    select(*(LoadRun.__table__.c[name] for name in FIELDS), cast(LoadRun.timings, Text).label("timings")).where(LoadRun.run_id == _RUN_ID)
)
_WORST_FIRST = ("error", "quarantine", "warning", "info")
ISSUES = compile_statement(
    select(*(QualityIssue.__table__.c[name] for name in ("issue_id", "severity", "rule", "season", "entity", "field", "value", "message")))
    .where(QualityIssue.run_id == _RUN_ID)
    .order_by(case({severity: place for place, severity in enumerate(_WORST_FIRST)}, value=QualityIssue.severity), QualityIssue.issue_id)
    .limit(bindparam("limit", type_=BigInteger))
)
ISSUE_COUNTS = compile_statement(
    select(QualityIssue.severity, QualityIssue.rule, func.count().label("number"))
    .where(QualityIssue.run_id == _RUN_ID)
    .group_by(QualityIssue.severity, QualityIssue.rule)
    .order_by(QualityIssue.severity, QualityIssue.rule)
)
