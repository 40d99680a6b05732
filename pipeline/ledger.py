"""The ledger: one row in ``load_run`` for every load, including failed ones, with its findings."""

import json
import time
from dataclasses import asdict, astuple, dataclass, field, fields
from datetime import datetime
from typing import Literal

import asyncpg

from pipeline.issues import Issue, IssueLog

RunState = Literal["running", "loaded", "unchanged", "skipped", "held", "failed"]
Trigger = Literal["command", "schedule", "start", "rollback"]

#: What the ledger has of a report under the same name.
_OUTCOME = (
    *("state", "location", "file_format", "checksum", "byte_count", "synthetic", "rows_read", "rows_inserted", "rows_updated"),
    *("rows_deleted", "rows_unchanged", "rows_quarantined", "dataset_version", "step", "error", "published_at"),
)


@dataclass(slots=True)
class RunReport:
    """What one load did; times in seconds, rows as counts. ``error`` is one sentence for people."""

    run_id: int
    source: str
    dataset: str
    state: RunState = "running"
    step: str | None = None
    location: str | None = None
    file_format: str | None = None
    checksum: str | None = None
    byte_count: int | None = None
    published_at: datetime | None = None
    synthetic: bool = False
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    warnings: int = 0
    dataset_version: int | None = None
    error: str | None = None
    #: A further effect of the load, as a message.
    remark: str | None = None
    timings: dict[str, float] = field(default_factory=dict)
    #: After a dry run: the change events by kind and field, and the findings by rule.
    changes: dict[str, int] | None = None
    findings: dict[str, int] | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain values, for programs."""
        values = asdict(self)
        if self.changes is None:
            del values["changes"], values["findings"]
        return values


class Stopwatch:
    """Seconds per step, for the ledger."""

    def __init__(self, report: RunReport) -> None:
        self._report = report
        self._started = time.perf_counter()

    def enter(self, step: str) -> None:
        """Close the running step and start the named one."""
        self.close()
        self._report.step = step

    def close(self) -> None:
        """Add the time since the last call to the running step."""
        now = time.perf_counter()
        if self._report.step is not None:
            before = self._report.timings.get(self._report.step, 0.0)
            self._report.timings[self._report.step] = round(before + now - self._started, 4)
        self._started = now


async def close_abandoned_runs(connection: asyncpg.Connection) -> None:
    """Close the runs whose process died: the holder of the load lock knows that no other run is alive.

    They were rolled back, except for one that died between its commit and its entry here: the data set names it as its last load.
    """
    await connection.execute(
        "update load_run r set finished_at = clock_timestamp(), dataset_version = d.version,"
        " rows_read = coalesce(d.row_count, r.rows_read),"
        " state = case when d.run_id is null then 'failed' when d.updated_at >= r.started_at then 'loaded' else 'unchanged' end,"
        " error = case when d.run_id is null then 'The load process ended early and the load was rolled back.' end"
        " from load_run k left join dataset d using (dataset, run_id) where k.run_id = r.run_id and r.state = 'running'"
    )


async def open_run(connection: asyncpg.Connection, source: str, dataset: str, trigger: Trigger, columns_checksum: str) -> RunReport:
    """Write the ledger row of a load that begins, outside of the load's own transaction so that a failure is on record."""
    run_id: int = await connection.fetchval(
        "insert into load_run (source, dataset, trigger, state, columns_checksum) values ($1, $2, $3, 'running', $4) returning run_id",
        source,
        dataset,
        trigger,
        columns_checksum,
    )
    return RunReport(run_id=run_id, source=source, dataset=dataset)


async def close_run(connection: asyncpg.Connection, report: RunReport, issues: IssueLog) -> None:
    """Write the outcome and the findings of a load."""
    report.warnings = issues.count("warning")
    values = {name: getattr(report, name) for name in _OUTCOME} | {"warning_count": report.warnings, "timings": json.dumps(report.timings)}
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    await connection.execute(
        f"update load_run set {assignments}, finished_at = clock_timestamp() where run_id = $1", report.run_id, *values.values()
    )
    records = [(report.run_id, report.dataset, *astuple(issue)) for issue in issues.all()]
    columns = ["run_id", "dataset", *(each.name for each in fields(Issue))]
    await connection.copy_records_to_table("quality_issue", records=records, columns=columns)
