"""The worker process against a real PostgreSQL, with a stand-in for the load where its behaviour is what matters."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import asyncpg
import pytest

from tests.integration.worker.conftest import Workers, enqueue, has_data, on_database, queued
from tests.support.held_load import writing_held_up
from tests.support.waiting import PATIENCE


def test_a_job_is_done_once_and_gone(workers: Workers) -> None:
    workers.plan({})
    workers.start()
    workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ended(1))
    workers.wait_for(lambda: queued(workers.dsn) == 0)
    assert not workers.ran(2)


def test_a_tick_queues_a_load_when_one_is_due(workers: Workers) -> None:
    workers.plan({})
    workers.start(ticks="* * * * * *")
    workers.wait_for(lambda: workers.ended(1))
    workers.wait_for(lambda: "load_queued" in workers.events())


def test_a_tick_queues_nothing_after_a_load_has_begun(workers: Workers) -> None:
    async def begun(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "insert into load_run (source, dataset, trigger, state, started_at)"
            " values ('combine', 'combine', 'schedule', 'loaded', now() + interval '1 hour')"
        )

    has_data(workers)
    on_database(workers.dsn, begun)
    workers.plan({})
    workers.start(ticks="* * * * * *")
    workers.wait_for(lambda: "worker_ready" in workers.events())
    time.sleep(2.5)
    assert not workers.ran(1)


def test_an_unavailable_source_is_tried_again_later_and_later(workers: Workers) -> None:
    away = {"outcome": "unavailable", "error": "The source is away."}
    workers.plan(away, away, {})
    workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ended(3))
    workers.wait_for(lambda: "load_done" in workers.events())
    waits = [line["seconds"] for line in workers.said() if line["event"] == "load_retried_later"]
    assert len(waits) == 2
    assert 0.1 <= float(str(waits[0])) <= 0.2 <= float(str(waits[1])) * 1.25 <= 0.51


def test_a_source_that_stays_away_is_given_up_in_a_sentence(workers: Workers) -> None:
    has_data(workers)
    workers.plan({"outcome": "unavailable", "error": "The source is away."})
    workers.start(attempts=2)
    enqueue(workers.dsn)
    workers.wait_for(lambda: "load_given_up" in workers.events())
    workers.wait_for(lambda: queued(workers.dsn) == 0)
    assert workers.ran(2)
    assert not workers.ran(3)
    given_up = next(line for line in workers.said() if line["event"] == "load_given_up")
    assert given_up["error"] == "The source is away."


@pytest.mark.parametrize(("outcome", "event"), [("failed", "load_failed"), ("already_running", "load_not_needed")])
def test_what_another_attempt_would_not_change_is_not_tried_again(workers: Workers, outcome: str, event: str) -> None:
    has_data(workers)
    workers.plan({"outcome": outcome, "error": "A sentence."})
    workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: event in workers.events())
    workers.wait_for(lambda: queued(workers.dsn) == 0)
    assert not workers.ran(2)


def test_a_load_whose_process_dies_is_tried_again(workers: Workers) -> None:
    workers.plan({"dies": True}, {})
    workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ended(2))


def test_sigterm_lets_the_running_load_end(workers: Workers) -> None:
    workers.plan({"seconds": 1.5})
    process = workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ran(1))
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert workers.ended(1)
    assert queued(workers.dsn) == 0
    assert workers.events()[-1] == "worker_stopped"


def test_sigterm_stops_a_load_that_takes_too_long_and_puts_it_back(workers: Workers) -> None:
    workers.plan({"seconds": 600}, {})
    process = workers.start(stop_grace=0.3)
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ran(1))
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert not workers.ended(1)
    assert queued(workers.dsn) == 1
    workers.start()
    workers.wait_for(lambda: workers.ended(2))


def test_an_idle_worker_stops_at_once(workers: Workers) -> None:
    workers.plan({})
    process = workers.start()
    workers.wait_for(lambda: "worker_ready" in workers.events())
    process.terminate()
    assert process.wait(PATIENCE) == 0


def test_the_job_of_a_killed_worker_is_taken_up_by_another_and_its_load_dies_with_it(workers: Workers) -> None:
    workers.plan({"seconds": 600}, {})
    killed = workers.start()
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ran(1))
    workers.start(heartbeat_timeout=2.0)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    orphan = int((workers.folder / "attempt-1").read_text())
    workers.wait_for(lambda: not alive(orphan))
    workers.wait_for(lambda: workers.ended(2))
    workers.wait_for(lambda: queued(workers.dsn) == 0)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def cut(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'draft-queen worker' and datname = current_database()"
    )


def test_a_lost_connection_is_made_again(workers: Workers) -> None:
    workers.plan({})
    workers.start()
    workers.wait_for(lambda: "worker_ready" in workers.events())
    on_database(workers.dsn, cut)
    workers.wait_for(lambda: workers.events().count("worker_ready") == 2)
    enqueue(workers.dsn)
    workers.wait_for(lambda: workers.ended(1))


def test_a_connection_lost_in_the_middle_of_the_start_is_one_line_and_no_traceback(workers: Workers) -> None:
    """Queue and schedule both fail then; PgQueuer raises one of the errors, and logs the other with its traceback."""
    workers.plan({})
    with writing_held_up(workers.dsn, "pgqueuer_schedules") as wait_for_a_writer:
        workers.start()
        wait_for_a_writer()
        on_database(workers.dsn, cut)
    workers.wait_for(lambda: workers.events().count("worker_ready") == 2)
    assert "database_lost" in workers.events()
    assert "Traceback" not in (workers.folder / "worker-0.log").read_text()


def test_a_database_that_is_not_there_is_waited_for(workers: Workers) -> None:
    workers.plan({})
    process = workers.start(request={"dsn": "postgresql://postgres@127.0.0.1:9/nothing", "exports_dir": str(workers.folder)})
    workers.wait_for(lambda: workers.events().count("database_away") >= 2)
    process.terminate()
    assert process.wait(PATIENCE) == 0


def test_a_database_without_its_schema_is_waited_for(workers: Workers, empty_database: str) -> None:
    from cli.migrations.migrate import upgrade

    workers.plan({})
    workers.start(request={"dsn": empty_database, "exports_dir": str(workers.folder)})
    workers.wait_for(lambda: "schema_not_ready" in workers.events())
    time.sleep(1)  # it looks again several times
    assert workers.events().count("schema_not_ready") == 1
    upgrade(empty_database)
    workers.wait_for(lambda: "worker_ready" in workers.events())


def test_a_real_load_of_a_synthetic_league(workers: Workers) -> None:
    pytest.importorskip("pipeline.run")
    request = {"dsn": workers.dsn, "exports_dir": str(workers.folder / "exports"), "source": "sample", "sample_rows": 500, "sample_seed": 3}
    workers.start(request=request, command=[])
    enqueue(workers.dsn)
    workers.wait_for(lambda: "load_done" in workers.events())

    async def ledger(connection: asyncpg.Connection) -> list[tuple[str, str, str]]:
        rows = await connection.fetch("select dataset, trigger, state from load_run order by dataset")
        return [(row["dataset"], row["trigger"], row["state"]) for row in rows]

    assert on_database(workers.dsn, ledger) == [("combine", "schedule", "loaded"), ("draft_picks", "schedule", "loaded")]


def test_a_real_load_that_takes_too_long_is_rolled_back_when_the_worker_stops(workers: Workers) -> None:
    request = {"dsn": workers.dsn, "exports_dir": str(workers.folder / "exports"), "source": "sample", "sample_rows": 500}
    process = workers.start(request=request, command=[], stop_grace=0.1)
    with writing_held_up(workers.dsn) as wait_for_a_writer:
        enqueue(workers.dsn)
        wait_for_a_writer()
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert "load_put_back" in workers.events()

    async def left(connection: asyncpg.Connection) -> tuple[int, set[str], set[str]]:
        rows = await connection.fetchval("select count(*) from draft_pick")
        runs = await connection.fetch("select state, error from load_run")
        return int(rows), {str(run["state"]) for run in runs}, {str(run["error"]) for run in runs}

    rows, states, errors = on_database(workers.dsn, left)
    assert (rows, states) == (0, {"failed"})
    assert all("stopped and rolled back" in error for error in errors)
    assert queued(workers.dsn) == 1
