"""Until there are data: the first load starts with the worker, attempts go on, and the ledger says when the next one comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from pipeline.schedule import next_slot
from tests.integration.worker.conftest import Workers, enqueue, has_data, on_database, queued

AWAY = {"outcome": "unavailable", "error": "The source is away."}


def run_of(workers: Workers, state: str) -> None:
    """A scheduled load of each data set that ended so."""

    async def insert(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "insert into load_run (source, dataset, trigger, state) select name, name, 'schedule', $1"
            " from unnest(array['draft_picks', 'combine']) name",
            state,
        )

    on_database(workers.dsn, insert)


def noted(workers: Workers) -> list[datetime | None]:
    async def fetch(connection: asyncpg.Connection) -> list[datetime | None]:
        return [row["next_attempt_at"] for row in await connection.fetch("select next_attempt_at from load_run order by run_id")]

    return on_database(workers.dsn, fetch)


def settles(workers: Workers, event: str, times: int = 1) -> Callable[[], bool]:
    return lambda: workers.events().count(event) >= times


def test_the_first_load_starts_with_the_worker(workers: Workers) -> None:
    workers.plan({"seconds": 1})
    workers.start(load_at_start=True)
    workers.start(load_at_start=True)
    workers.wait_for(lambda: workers.ended(1))  # no tick comes before the next January
    workers.wait_for(lambda: queued(workers.dsn) == 0)
    assert not workers.ran(2)


def test_with_data_a_worker_waits_for_the_schedule(workers: Workers) -> None:
    has_data(workers)
    workers.plan({})
    workers.start(load_at_start=True)
    workers.wait_for(settles(workers, "worker_ready"))
    enqueue(workers.dsn)  # comes after anything that the start might have queued
    workers.wait_for(settles(workers, "load_done"))
    assert "load_queued" not in workers.events()
    assert not workers.ran(2)


def test_without_data_attempts_go_on_beyond_the_limit(workers: Workers) -> None:
    workers.plan(AWAY, {"outcome": "failed", "error": "The file is empty."}, AWAY, AWAY, {})
    workers.start(load_at_start=True, attempts=2, longest_retry_without_data=0.4)
    workers.wait_for(lambda: workers.ended(5))
    workers.wait_for(settles(workers, "load_done"))
    waits = [float(str(line["seconds"])) for line in workers.said() if line["event"] == "load_retried_later"]
    assert len(waits) == 4
    assert max(waits) <= 0.4


def test_data_that_came_in_the_meantime_end_the_attempts(workers: Workers) -> None:
    workers.plan(AWAY, AWAY)
    workers.start(load_at_start=True, first_retry=2.0)
    workers.wait_for(settles(workers, "load_retried_later"))
    has_data(workers)
    workers.wait_for(settles(workers, "load_not_needed"))
    workers.wait_for(lambda: queued(workers.dsn) == 0)
    assert not workers.ran(2)


def test_a_tick_goes_on_where_the_attempts_have_ended(workers: Workers) -> None:
    """Another load was running at that moment, and did not succeed either; today's scheduled load has begun already."""
    run_of(workers, "skipped")
    workers.plan({"outcome": "already_running", "error": "A load is already running."}, {})
    workers.start(ticks="* * * * * *")
    workers.wait_for(lambda: workers.ended(2))


def test_the_ledger_says_when_the_next_attempt_comes(workers: Workers) -> None:
    run_of(workers, "loaded")
    run_of(workers, "skipped")
    workers.plan(AWAY)
    before = datetime.now(UTC)
    workers.start(load_at_start=True, first_retry=300.0)
    workers.wait_for(settles(workers, "load_retried_later"))
    first, second, *latest = noted(workers)
    assert (first, second) == (None, None)
    assert len(latest) == 2
    for time in latest:
        assert time is not None
        assert timedelta(minutes=4) <= time - before <= timedelta(minutes=6)


def test_a_failure_with_data_is_tried_again_in_the_next_slot(workers: Workers) -> None:
    has_data(workers)
    run_of(workers, "failed")
    workers.plan({"outcome": "failed", "error": "The file is empty."})
    expected = {next_slot(datetime.now(UTC))}
    workers.start()
    enqueue(workers.dsn)
    workers.wait_for(settles(workers, "load_failed"))
    expected.add(next_slot(datetime.now(UTC)))
    assert set(noted(workers)) <= expected


def test_a_real_load_that_cannot_reach_its_source(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_BASE_URL", "https://127.0.0.1:9/releases")
    monkeypatch.setenv("DATA_DIR", str(workers.folder / "data"))
    request = {"dsn": workers.dsn, "exports_dir": str(workers.folder / "exports"), "source": "web"}
    workers.start(request=request, command=[], load_at_start=True, first_retry=300.0)
    workers.wait_for(settles(workers, "load_retried_later"))

    async def ledger(connection: asyncpg.Connection) -> list[asyncpg.Record]:
        return await connection.fetch("select dataset, trigger, state, error, next_attempt_at from load_run order by dataset")

    runs = on_database(workers.dsn, ledger)
    assert [(run["dataset"], run["trigger"], run["state"]) for run in runs] == [
        ("combine", "schedule", "skipped"),
        ("draft_picks", "schedule", "skipped"),
    ]
    for run in runs:
        assert run["error"].startswith("https://127.0.0.1:9/releases/")
        assert run["next_attempt_at"] > datetime.now(UTC)
