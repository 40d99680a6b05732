"""Which data sets a retry loads, when it comes, and what a retry survives."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import asyncpg
import pytest
from pgqueuer import RetryRequested
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from pipeline import worker as module
from pipeline.load_once import LoadResult, Outcome
from pipeline.options import LoadOptions
from pipeline.worker import FIRST, Worker, WorkerOptions

BOTH = ("draft_picks", "combine")


def _job(payload: bytes | None, attempts: int) -> Job:
    now = datetime.now(UTC)
    return Job.model_validate(
        {
            "id": 1,
            "priority": 0,
            "created": now,
            "heartbeat": now,
            "execute_after": now,
            "updated": now,
            "status": "picked",
            "entrypoint": "load",
            "payload": payload,
            "attempts": attempts,
            "queue_manager_id": uuid.uuid4(),
            "headers": None,
        }
    )


class Recorded(Worker):
    """Records which data sets it would load; each load ends as the test says."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(WorkerOptions(LoadOptions("", Path(), "web")))
        self.outcome = outcome
        self.loaded: list[tuple[str, ...]] = []

    async def _load_in_child(self, datasets: tuple[str, ...]) -> LoadResult:
        self.loaded.append(datasets)
        return LoadResult(self.outcome, "A sentence.")


def _try(dsn: str, worker: Worker, job: Job, *setup: str) -> timedelta | None:
    """Prepare the database, run one attempt, and return the pause before the next one, if there is one."""
    worker.options = replace(worker.options, load=replace(worker.options.load, dsn=dsn))

    async def run() -> timedelta | None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in setup:
                await connection.execute(statement)
            try:
                await worker._load(job, AsyncpgDriver(connection))
            except RetryRequested as retry:
                return retry.delay
            return None
        finally:
            await connection.close()

    return asyncio.run(run())


def _has_rows(name: str) -> str:
    return f"insert into dataset (dataset, version, row_count, synthetic, checksum, run_id) values ('{name}', 1, 1, false, 'x', 1)"


def _run(name: str, state: str, ago: str = "0 s") -> str:
    return (
        "insert into load_run (source, dataset, trigger, state, started_at)"
        f" values ('{name}', '{name}', 'schedule', '{state}', now() - interval '{ago}')"
    )


def _stop_the_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(at.timestamp(), tz)

    monkeypatch.setattr(module, "datetime", Stopped)


@pytest.mark.parametrize("payload", [FIRST, None])
def test_a_retry_leaves_out_what_is_held(database: str, payload: bytes | None) -> None:
    worker = Recorded("unavailable")
    setup = [_has_rows("draft_picks"), _run("draft_picks", "held"), _run("combine", "skipped")]
    assert _try(database, worker, _job(payload, 1), *setup) is not None
    assert worker.loaded == [("combine",)]


def test_a_load_that_is_due_takes_all_data_sets(database: str) -> None:
    worker = Recorded("unavailable")
    setup = [_has_rows("draft_picks"), _run("draft_picks", "held", "2 days"), _run("combine", "skipped")]
    _try(database, worker, _job(FIRST, 3), *setup)
    assert worker.loaded == [BOTH]


def test_the_ledger_says_that_what_is_held_waits_for_the_schedule(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_the_clock(monkeypatch, datetime(2026, 6, 1, 12, tzinfo=UTC))
    setup = [_has_rows("draft_picks"), _run("draft_picks", "held"), _run("combine", "skipped")]
    _try(database, Recorded("unavailable"), _job(FIRST, 0), *setup)

    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database)
        try:
            return await connection.fetch("select next_attempt_at from load_run order by run_id")
        finally:
            await connection.close()

    held, skipped = (row["next_attempt_at"] for row in asyncio.run(fetch()))
    assert skipped < held == datetime(2026, 6, 2, 9, tzinfo=UTC)


def test_a_retry_comes_no_later_than_the_next_slot(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_the_clock(monkeypatch, datetime(2026, 4, 23, 20, 10, tzinfo=UTC))  # a slot comes every quarter of an hour
    setup = [_has_rows("draft_picks"), _has_rows("combine")]
    assert _try(database, Recorded("unavailable"), _job(None, 4), *setup) == timedelta(minutes=5)


@pytest.mark.parametrize("table", ["dataset", "load_run"])
def test_a_statement_that_fails_after_a_failed_load_does_not_end_the_retries(
    database: str, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    worker = Recorded("unavailable")
    real = worker._after_failure

    async def in_trouble(job: Job, driver: AsyncpgDriver, outcome: Outcome, facts: dict[str, str]) -> None:
        await driver.execute(f"alter table {table} rename to gone")
        await real(job, driver, outcome, facts)

    monkeypatch.setattr(worker, "_after_failure", in_trouble)
    pause = _try(database, worker, _job(None, 0), _has_rows("draft_picks"), _has_rows("combine"))
    assert pause is not None
    assert pause <= timedelta(minutes=1)


def test_a_statement_that_fails_before_the_load_does_not_end_the_retries(database: str) -> None:
    worker = Recorded("done")
    assert _try(database, worker, _job(FIRST, 1), "alter table dataset rename to gone") == timedelta(minutes=1)
    assert worker.loaded == []


def test_a_load_that_is_put_back_uses_up_no_attempt(database: str) -> None:
    async def attempts_after_retry() -> int:
        connection = await asyncpg.connect(database)
        try:
            driver = AsyncpgDriver(connection)
            queries = Queries(driver)
            await queries.enqueue("load", None)
            await connection.execute("update pgqueuer set attempts = 3")
            job = _job(None, 3)
            job.id = await connection.fetchval("select id from pgqueuer")
            with pytest.raises(RetryRequested) as retry:
                await Recorded("stopped")._load(job, driver)
            await queries.retry_job(job, retry.value.delay, None)
            return int(await connection.fetchval("select attempts from pgqueuer"))
        finally:
            await connection.close()

    assert asyncio.run(attempts_after_retry()) == 0
