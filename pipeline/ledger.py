"""The ledger: one row in ``load_run`` for every load, including failed ones, with its findings."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

import asyncpg

from pipeline.issues import IssueLog

RunState = Literal["running", "loaded", "unchanged", "skipped", "held", "failed"]
Trigger = Literal["command", "schedule", "start", "rollback"]


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
    #: What the load did besides, as one sentence.
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
    """Mark runs whose process died as failed: the holder of the load lock knows that no other run is alive."""
    await connection.execute(
        "update load_run set state = 'failed', finished_at = clock_timestamp(),"
        " error = 'The load process ended early and the load was rolled back.' where state = 'running'"
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
    await connection.execute(
        "update load_run set state = $2, location = $3, file_format = $4, checksum = $5, byte_count = $6, synthetic = $7, rows_read = $8,"
        " rows_inserted = $9, rows_updated = $10, rows_deleted = $11, rows_unchanged = $12, rows_quarantined = $13, warning_count = $14,"
        " dataset_version = $15, finished_at = clock_timestamp(), step = $16, error = $17, timings = $18::jsonb,"
        " published_at = $19 where run_id = $1",
        report.run_id,
        report.state,
        report.location,
        report.file_format,
        report.checksum,
        report.byte_count,
        report.synthetic,
        report.rows_read,
        report.rows_inserted,
        report.rows_updated,
        report.rows_deleted,
        report.rows_unchanged,
        report.rows_quarantined,
        report.warnings,
        report.dataset_version,
        report.step,
        report.error,
        json.dumps(report.timings),
        report.published_at,
    )
    await connection.copy_records_to_table(
        "quality_issue",
        records=[
            (report.run_id, report.dataset, i.severity, i.rule, i.season, i.entity, i.field, i.value, i.expected, i.message)
            for i in issues.all()
        ],
        columns=["run_id", "dataset", "severity", "rule", "season", "entity", "field", "value", "expected", "message"],
    )
