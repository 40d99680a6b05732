"""The pipeline's process, ``python -m pipeline.worker``: loads the public files when they are due.

PgQueuer keeps jobs and schedules in the database, so any number of workers may run: each tick and each job is processed once, and another
worker takes over the job of one that was killed. Ticks consult ``pipeline.schedule`` and queue loads; a load runs in a child process. In
production a worker that finds no data when it starts queues a load at once. Until every data set has been loaded once, attempts continue at
most a quarter of an hour apart; the ledger has the time of the next one.
On SIGTERM the running load may finish within a limit, else it is rolled back and requeued; then the process ends with 0.
"""

import asyncio
import logging
import random
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
from pgqueuer import PgQueuer, RetryRequested
from pgqueuer.db import Driver
from pgqueuer.models import Job, Schedule
from pydantic import ValidationError

from app.datasets import EXPECTED, kept_current
from app.db.connect import connect
from app.db.failures import DATABASE_FAILURES, connection_lost
from app.db.schema_version import HOW_TO_MIGRATE, HeadUnknown, head, read_version
from app.errors import DraftQueenError
from app.logging import configure, get_logger
from app.settings import SettingsError, get_settings
from app.settings.database import configured_dsn
from pipeline import schedule
from pipeline.load_once import OPTIONS, RESULT, LoadResult, Outcome
from pipeline.options import LoadOptions
from pipeline.webhook import WEBHOOK_JOB, send_notice

LOAD_JOB: Final = "load"
#: Payload of a load that was queued because data were missing: it is not repeated once they are there, whichever process loaded them.
FIRST: Final = b"first"
#: Seconds between two signs of life.
LIVENESS_SECONDS: Final = 5.0
#: Seconds between two log lines while waiting for the schema.
SCHEMA_REPORT_SECONDS: Final = 30.0

_HAS_ROWS: Final = "exists (select from dataset where dataset.dataset = name and row_count > 0)"
_LATEST_STATE: Final = "(select state from load_run where load_run.dataset = name order by run_id desc limit 1)"
#: Data sets without rows, and those whose source could not be reached last time or whose load was killed.
_TO_RETRY: Final = (
    f"select name, not {_HAS_ROWS} as missing from unnest($1::text[]) name"
    f" where not {_HAS_ROWS} or coalesce({_LATEST_STATE}, 'skipped') in ('skipped', 'running')"
)
#: When the scheduled load began that has waited longest for the next one; one that took only some of the data sets does not hide it.
_LAST_START: Final = (
    "select min(latest) as last from"
    " (select max(started_at) as latest from load_run where trigger = 'schedule' and dataset = any($1) group by dataset) latest_starts"
)
#: Into the latest run of each data set, if that one did not succeed: the next retry, or the slot if it waits for the schedule.
_NOTE_NEXT_ATTEMPT: Final = (
    "update load_run set next_attempt_at = case when state = 'skipped' or not exists"
    " (select from dataset where dataset.dataset = load_run.dataset and row_count > 0) then $1::timestamptz else $2::timestamptz end"
    " where state in ('skipped', 'failed', 'held') and run_id in (select max(run_id) from load_run group by dataset)"
)
#: PgQueuer counts every retry; a load that was put back starts over.
_FORGET_ATTEMPTS: Final = "update pgqueuer set attempts = -1 where id = $1"

log = get_logger("pipeline.worker")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How the worker works; times in seconds.

    A job without a heartbeat for ``heartbeat_timeout`` is taken from its worker. ``stop_grace`` is what a running load gets after SIGTERM,
    ``rollback_grace`` what it then gets to roll back. ``liveness_file`` is touched as long as the event loop turns.

    Retries wait ``first_retry``, then twice as long each time up to ``longest_retry``; ``attempts`` are made, ``webhook_attempts`` for a
    notice. While a data set is missing they wait ``longest_retry_without_data`` at most, and go on until it is there. ``load_at_start``: a
    worker that finds a data set missing queues a load at once.
    """

    load: LoadOptions
    command: tuple[str, ...] = (sys.executable, "-m", "pipeline.load_once")
    ticks: str = schedule.TICKS
    heartbeat_timeout: float = 30.0
    poll: float = 10.0
    stop_grace: float = 20.0
    rollback_grace: float = 5.0
    attempts: int = 6
    webhook_attempts: int = 12
    first_retry: float = 60.0
    longest_retry: float = 3_600.0
    longest_retry_without_data: float = 900.0
    load_at_start: bool = False
    reconnect_after: float = 1.0
    liveness_file: Path | None = None
    longest_reconnect: float = 30.0


def retry_delay(attempts_before: int, first: float, longest: float, jitter: float) -> timedelta:
    """Return the pause before the next attempt, which doubles each time; ``jitter`` (0..1) subtracts up to a fifth to spread workers."""
    return timedelta(seconds=min(first * 2 ** min(attempts_before, 30), longest) * (1 - jitter / 5))


def pause_before_next(options: WorkerOptions, outcome: Outcome, attempts_before: int, jitter: float, *, missing: bool) -> timedelta | None:
    """Return how long to wait before another attempt at a load that ended so; None: until the schedule's next slot.

    ``missing``: a data set was never loaded, so there is nothing to show, and also what failed is tried again.
    """
    if missing and outcome in ("unavailable", "failed"):
        return retry_delay(attempts_before, options.first_retry, options.longest_retry_without_data, jitter)
    if outcome == "unavailable" and attempts_before + 1 < options.attempts:
        return retry_delay(attempts_before, options.first_retry, options.longest_retry, jitter)
    return None


@dataclass
class Worker:
    """One worker; ``run`` ends when ``stop`` is set."""

    options: WorkerOptions
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _next_schema_report: float = 0.0

    async def run(self) -> None:
        """Work, and reconnect whenever the database is available again."""
        alive = asyncio.create_task(self._show_life())
        try:
            await self._work_and_come_back()
        finally:
            alive.cancel()
        log.info("worker_stopped")

    async def _show_life(self) -> None:
        """Touch the liveness file while the event loop runs, for a health check without a port."""
        while self.options.liveness_file is not None:
            try:
                self.options.liveness_file.touch()
            except OSError as error:  # a full disk does not justify stopping; the health check will report it
                log.warning("liveness_file_not_written", file=str(self.options.liveness_file), error=str(error))
            await asyncio.sleep(LIVENESS_SECONDS)

    async def _work_and_come_back(self) -> None:
        pause = self.options.reconnect_after
        while not self.stop.is_set():
            try:
                connection = await connect(self.options.load.dsn, timeout=10, server_settings={"application_name": "draft-queen worker"})
            except DATABASE_FAILURES as error:
                log.warning("database_away", error=str(error) or type(error).__name__, next_attempt_in_seconds=round(pause, 1))
                await self._sleep(pause)
                pause = min(pause * 2, self.options.longest_reconnect)
                continue
            try:
                pause = self.options.reconnect_after
                if await self._schema_is_ready(connection):
                    await self._work(connection)
            except DATABASE_FAILURES as error:
                log.warning("database_lost", error=str(error) or type(error).__name__)
                await self._sleep(pause)
            finally:
                with suppress(*DATABASE_FAILURES):
                    await connection.close(timeout=2)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    async def _schema_is_ready(self, connection: asyncpg.Connection) -> bool:
        found = await read_version(connection)
        try:
            if found.fits:
                return True
            reason = {"wanted": head(), "fix": HOW_TO_MIGRATE}
        except HeadUnknown as error:
            reason = {"error": str(error)}
        now = asyncio.get_running_loop().time()
        if now >= self._next_schema_report:
            self._next_schema_report = now + SCHEMA_REPORT_SECONDS
            log.warning("schema_not_ready", found=found.revision, **reason)
        await self._sleep(self.options.reconnect_after)
        return False

    async def _work(self, connection: asyncpg.Connection) -> None:
        """Take ticks and jobs until ``stop`` is set or the connection ends."""
        queue = PgQueuer.from_asyncpg_connection(connection)
        self._register(queue)
        # PgQueuer would notice a lost connection only at its next query
        connection.add_termination_listener(lambda _: queue.shutdown.set())
        forward = asyncio.create_task(self._forward_stop(queue.shutdown))
        log.info("worker_ready", ticks=self.options.ticks)
        try:
            if self.options.load_at_start and await _missing(queue.connection):
                await _queue_load(queue, FIRST)
            await queue.run(
                dequeue_timeout=timedelta(seconds=self.options.poll),
                batch_size=1,
                max_concurrent_tasks=2,
                heartbeat_timeout=timedelta(seconds=self.options.heartbeat_timeout),
            )
        finally:
            forward.cancel()

    async def _forward_stop(self, shutdown: asyncio.Event) -> None:
        await self.stop.wait()
        shutdown.set()

    def _register(self, queue: PgQueuer) -> None:
        @queue.schedule("tick", self.options.ticks, clean_old=True)
        async def tick(_: Schedule) -> None:
            # the driver serialises its queries on this connection; ours has to go through it as well
            missing = await _missing(queue.connection)
            if missing or schedule.is_due(datetime.now(UTC), await _last_start(queue.connection)):
                await _queue_load(queue, FIRST if missing else None)

        queue.entrypoint(WEBHOOK_JOB, concurrency_limit=1)(self._send_notice)

        @queue.entrypoint(LOAD_JOB, concurrency_limit=1)
        async def load(job: Job) -> None:
            await self._load(job, queue.connection)

    async def _send_notice(self, job: Job) -> None:
        """Send the notice of a load once. Raises ``RetryRequested`` if it did not arrive and another attempt is due later."""
        problem = await send_notice(job.payload or b"")
        if problem is None:
            log.info("webhook_sent", attempt=job.attempts + 1)
        elif job.attempts + 1 < self.options.webhook_attempts:
            pause = retry_delay(job.attempts, self.options.first_retry, self.options.longest_retry, random.random())  # noqa: S311
            log.warning("webhook_retried_later", attempt=job.attempts + 1, seconds=round(pause.total_seconds(), 1), error=problem)
            raise RetryRequested(pause, problem)
        else:
            log.error("webhook_given_up", attempts=job.attempts + 1, error=problem)

    async def _load(self, job: Job, database: Driver) -> None:
        """Make one attempt at a load; request another one if it may succeed later, or if this process has to stop."""
        try:
            datasets = await _datasets_to_load(job, database)
        except DATABASE_FAILURES as error:
            log.warning("load_retried_later", error=str(error) or type(error).__name__, seconds=self.options.first_retry)
            raise RetryRequested(timedelta(seconds=self.options.first_retry), str(error)) from error
        if not datasets:
            log.info("load_not_needed", reason="the data have been loaded in the meantime")
            return
        log.info("load_started", attempt=job.attempts + 1, datasets=datasets)
        result = await self._load_in_child(datasets)
        facts = {"error": result.error} if result.error else {}
        match result.outcome:
            case "done":
                log.info("load_done", **{str(report["dataset"]): report["state"] for report in result.reports})
            case "already_running":
                log.info("load_not_needed", **facts)
            case "stopped":
                log.info("load_put_back", **facts)
                with suppress(*DATABASE_FAILURES):
                    await database.execute(_FORGET_ATTEMPTS, job.id)
                raise RetryRequested(timedelta(0), "the worker stopped")
            case outcome:
                await self._after_failure(job, database, outcome, facts)

    async def _after_failure(self, job: Job, database: Driver, outcome: Outcome, facts: dict[str, str]) -> None:
        """Write the time of the next attempt to the ledger, no later than the schedule's next slot.

        Raises:
            RetryRequested: another attempt is due before the schedule's next slot, or at it.
        """
        try:
            missing = bool(await _missing(database))
        except DATABASE_FAILURES as error:
            log.warning("data_not_examined", error=str(error) or type(error).__name__)
            missing = True  # an attempt too many does no harm
        now = datetime.now(UTC)
        slot = schedule.next_slot(now)
        pause = pause_before_next(self.options, outcome, job.attempts, random.random(), missing=missing)  # noqa: S311
        if pause is not None:
            # until then the job's key keeps ticks from queueing the load of that slot
            pause = min(pause, slot - now)
        try:
            await database.execute(_NOTE_NEXT_ATTEMPT, slot if pause is None else now + pause, slot)
        except DATABASE_FAILURES as error:
            log.warning("next_attempt_not_noted", error=str(error) or type(error).__name__)
        if pause is not None:
            log.warning("load_retried_later", attempt=job.attempts + 1, seconds=round(pause.total_seconds(), 1), **facts)
            raise RetryRequested(pause, facts.get("error"))
        log.error("load_failed" if outcome == "failed" else "load_given_up", attempts=job.attempts + 1, **facts)

    async def _load_in_child(self, datasets: tuple[str, ...]) -> LoadResult:
        options = replace(self.options.load, datasets=datasets)
        child = await asyncio.create_subprocess_exec(*self.options.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        talk = asyncio.create_task(child.communicate(OPTIONS.dump_json(options)))
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({talk, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                await self._end(child, talk)
            output, _ = await talk
        finally:
            stopping.cancel()
            if child.returncode is None:
                child.kill()
                await child.wait()
        try:
            return RESULT.validate_json(output)
        except ValidationError:
            stopped = self.stop.is_set()
            return LoadResult(
                "stopped" if stopped else "unavailable", f"The load process ended with exit code {child.returncode} and without a result."
            )

    async def _end(self, child: asyncio.subprocess.Process, talk: asyncio.Task[tuple[bytes, bytes]]) -> None:
        """Stop the load after SIGTERM: wait for it, then let it roll back, then kill it (the database rolls back automatically)."""
        log.info("waiting_for_load", seconds=self.options.stop_grace)
        await asyncio.wait({talk}, timeout=self.options.stop_grace)
        for send, patience in ((child.terminate, self.options.rollback_grace), (child.kill, None)):
            if talk.done():
                return
            with suppress(ProcessLookupError):
                send()
            await asyncio.wait({talk}, timeout=patience)


async def _missing(database: Driver) -> tuple[str, ...]:
    """Return the data sets that were never loaded, or have no rows."""
    present = await _loaded(database)
    return tuple(name for name in EXPECTED if name not in present)


async def _loaded(database: Driver) -> set[str]:
    return {str(row["dataset"]) for row in await database.fetch("select dataset from dataset where row_count > 0")}


async def _last_start(database: Driver) -> datetime | None:
    last = (await database.fetch(_LAST_START, list(EXPECTED)))[0]["last"]
    return last if isinstance(last, datetime) else None


async def _datasets_to_load(job: Job, database: Driver) -> tuple[str, ...]:
    """Return every data set that is kept current when a scheduled load is due, else those that are missing or could not be reached.

    A data set that is held for review or has failed while its previous data are served waits for the schedule.
    """
    last = await _last_start(database)
    if (job.payload != FIRST and not job.attempts) or (last is not None and schedule.is_due(datetime.now(UTC), last)):
        return kept_current(await _loaded(database))
    rows = await database.fetch(_TO_RETRY, list(EXPECTED))
    if job.payload == FIRST and not any(row["missing"] for row in rows):
        return ()
    names = {str(row["name"]) for row in rows}
    return tuple(name for name in EXPECTED if name in names)


async def _queue_load(queue: PgQueuer, payload: bytes | None) -> None:
    queued = await queue.qm.queries.enqueue(LOAD_JOB, payload, dedupe_key=LOAD_JOB, on_conflict="skip")
    log.info("load_queued" if queued[0] is not None else "load_queued_already")


def _without_traceback_of_a_lost_connection(record: logging.LogRecord) -> bool:
    """Drop the traceback: when the connection is lost, PgQueuer logs every task of its own that fails as if it were a defect."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and connection_lost(error):
        record.exc_info, record.error = None, str(error)
    return True


async def work(options: WorkerOptions) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    logging.getLogger("pgqueuer").addFilter(_without_traceback_of_a_lost_connection)
    worker = Worker(options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop.set)
    await worker.run()


def main() -> int:
    """Read the settings and work until stopped. Returns the exit code: 0 stopped by a signal, 1 failed, 2 invalid configuration."""
    try:
        settings = get_settings()
        configure(settings)
        with configured_dsn() as dsn:
            options = WorkerOptions(
                LoadOptions(dsn, settings.exports, source="web", trigger="schedule"),
                liveness_file=settings.worker_liveness_file,
                load_at_start=settings.environment == "production",  # elsewhere cli.serve.first_load makes it
            )
            asyncio.run(work(options))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log without settings
        return error.exit_code
    except DraftQueenError as error:
        log.error("worker_cannot_work", error=str(error))  # noqa: TRY400 - a sentence, not a traceback
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
