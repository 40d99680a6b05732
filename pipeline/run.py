"""Run a load: the steps of every data set in order, one ledger row each, one transaction each, one load at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import asyncpg
import polars as pl

from app.db.connect import connect
from app.db.failures import DATABASE_FAILURES, connection_lost
from pipeline.derive import Derivation
from pipeline.errors import LoadError, Refused
from pipeline.explain import explain
from pipeline.extraction import Extracted, extract
from pipeline.issues import Issue, IssueLog
from pipeline.ledger import RunReport, Stopwatch, close_abandoned_runs, close_run, open_run
from pipeline.lock import load_lock
from pipeline.options import LoadOptions, Progress, no_progress
from pipeline.reference.catalog import sync_reference
from pipeline.sources.registry import DatasetSource, dataset_source
from pipeline.steps.export import exports_exist, remove_old_exports
from pipeline.steps.identity import Carried
from pipeline.steps.merge import Meanwhile, MergeCounts, write_rows
from pipeline.steps.normalise import with_name_keys
from pipeline.steps.persons import Found
from pipeline.steps.refresh import (
    DatasetState,
    filled_counts,
    read_state,
    remove_synthetic,
    write_counts,
    write_distributions,
    write_state,
)
from pipeline.steps.validate import check_fill, check_season_counts, report_dead_columns

__all__ = ["LoadOptions", "RunReport", "load_all"]

_STOPPED = "The load was stopped and rolled back."
#: The server asks every second whether we are still there, so that a load that was killed holds nobody up until its statement has ended.
_SESSION = {"application_name": "draft-queen pipeline", "jit": "off", "client_connection_check_interval": "1s"}

#: Share of new rows from which on the planner's statistics are worth nothing any more.
ANALYZE_SHARE = 0.1


@dataclass(slots=True)
class _Load:
    """One load on its way through the steps."""

    connection: asyncpg.Connection
    options: LoadOptions
    source: DatasetSource
    report: RunReport
    watch: Stopwatch
    progress: Progress
    carried: Carried
    before: DatasetState
    issues: IssueLog = field(default_factory=IssueLog)
    reading: asyncio.Task[pl.DataFrame | None] | None = None
    #: The rows between reading and writing.
    frame: pl.DataFrame | None = None
    #: Whether any data set of the database holds real rows.
    holds_real: bool = False
    #: Once true, nothing that goes wrong can undo the load any more.
    committed: bool = False

    def enter(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Begin a step: in the ledger, in the timings, and for whoever watches."""
        self.watch.enter(step)
        self.progress(self.report.dataset, step, done, total)


async def load_all(options: LoadOptions, progress: Progress = no_progress) -> list[RunReport]:
    """``_load_all``; raises ``LoadError`` when the database has no room to write down that a load begins."""
    try:
        return await _load_all(options, progress)
    except asyncpg.DiskFullError as error:
        raise LoadError(explain(error)) from error


async def _load_all(options: LoadOptions, progress: Progress) -> list[RunReport]:
    """Load the data sets of ``options`` one after the other and return what happened to each.

    A data set that cannot be loaded is reported (state and one sentence), never raised: the next one is tried all the same. Raises
    ``AlreadyRunning`` when another process is loading, and still is after ``options.wait_seconds``.
    """
    connection = await connect(options.dsn, timeout=10, server_settings=_SESSION)
    try:
        async with load_lock(connection, options.wait_seconds):
            await close_abandoned_runs(connection)
            await sync_reference(connection)
            carried = Carried()
            loads = [await _open(connection, options, dataset_source(name), progress, carried) for name in options.datasets]
            try:
                for load, following in zip(loads, [*loads[1:], None], strict=True):
                    await _load(load, following)
            except BaseException:
                for load in loads:
                    if load.report.state == "running":  # it never began
                        load.report.state, load.report.error = "failed", _STOPPED
                        await _settle(load)
                raise
            finally:
                for load in loads:
                    if load.reading is not None and not load.reading.done():
                        load.reading.cancel()
            return [load.report for load in loads]
    finally:
        await _close(connection)


async def _open(connection: asyncpg.Connection, options: LoadOptions, source: DatasetSource, progress: Progress, carried: Carried) -> _Load:
    dataset = source.dataset.name
    kind = "sample" if options.source == "sample" else dataset
    report = await open_run(connection, kind, dataset, options.trigger, source.columns_checksum)
    before = await read_state(connection, dataset)
    holds_real = await connection.fetchval("select exists (select from dataset where row_count > 0 and not synthetic)")
    return _Load(connection, options, source, report, Stopwatch(report), progress, carried, before, holds_real=holds_real)


async def _close(connection: asyncpg.Connection) -> None:
    """Close politely, but do not wait for a server that is gone or busy rolling back."""
    try:
        await connection.close(timeout=5)
    except DATABASE_FAILURES:
        connection.terminate()


async def _load(load: _Load, following: _Load | None) -> None:
    """One data set, from its file to its ledger row; ``following`` may begin to be read while this one is written."""
    report = load.report
    load.watch.enter("extract")
    try:
        await _run_steps(load, following)
    except LoadError as error:
        report.state, report.error = error.state, str(error)  # type: ignore[assignment]
        load.issues.add(Issue("error", type(error).__name__, str(error)))
    except (*DATABASE_FAILURES, pl.exceptions.PolarsError) as error:
        report.state, report.error = "failed", explain(error)
    except BaseException:
        if not load.committed:
            report.state, report.error = "failed", _STOPPED
        await _settle(load)
        raise
    finally:
        if not load.committed:
            load.carried.selections = None  # what it wrote was rolled back
    await _settle(load)
    load.progress(report.dataset, report.state, report.rows_read, report.rows_read)


async def _settle(load: _Load) -> None:
    """Write the outcome to the ledger, if need be over a new connection: the old one may be broken by what went wrong."""
    load.watch.close()
    if load.report.state in ("loaded", "unchanged"):
        load.report.step = None
    if not load.connection.is_closed() and not load.connection.is_in_transaction():
        try:
            await close_run(load.connection, load.report, load.issues)
        except DATABASE_FAILURES as error:
            if not connection_lost(error):
                raise
        else:
            return
    async with _fresh_connection(load.options.dsn) as connection:
        if connection is not None:
            # when this fails too, the next load closes the ledger row; the first error is the one to be told
            with suppress(*DATABASE_FAILURES):
                await close_run(connection, load.report, load.issues)


@asynccontextmanager
async def _fresh_connection(dsn: str) -> AsyncIterator[asyncpg.Connection | None]:
    """A new connection, or None when the database is away: the next load then closes the ledger row of this one."""
    try:
        connection = await connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        yield None
        return
    try:
        yield connection
    finally:
        await _close(connection)


async def _run_steps(load: _Load, following: _Load | None) -> None:
    """All steps of one data set. Raises ``LoadError`` (or what the database raises) with nothing kept."""
    report = load.report
    load.frame = await (load.reading or _read(load))
    load.reading = None  # it holds the rows too
    if load.frame is None:
        report.state, report.dataset_version = "unchanged", load.before.version
        report.rows_read = report.rows_unchanged = load.before.row_count
        return
    async with load.connection.transaction():
        await _write(load, await _make_room(load), following)
        if following is not None and following.reading is None:
            following.reading = asyncio.create_task(_read(following))
    load.committed = True
    try:
        await _tidy_up(load)
    except DATABASE_FAILURES as error:
        load.issues.add(Issue("warning", "not_tidied", f"The load is kept, but what comes after it failed: {error}"))


async def _tidy_up(load: _Load) -> None:
    """What makes a committed load better but is no part of it: fresh statistics, no exports of old versions."""
    report, dataset = load.report, load.source.dataset
    if report.rows_inserted > ANALYZE_SHARE * report.rows_read:
        # without it the planner believes the tables to be empty until autovacuum comes by, and searches take seconds
        load.enter("analyze", total=report.rows_read)
        # a tenth of the usual sample: the sizes matter, not the last percent of a distribution
        await load.connection.execute("set default_statistics_target = 10")
        await load.connection.execute(f"analyze {load.source.table.name}, person, person_alias, external_id")
    remove_old_exports(load.options.exports_dir, dataset.name, report.dataset_version or 0)


async def _read(load: _Load) -> pl.DataFrame | None:
    """Extract, decode, check, validate: everything that needs no database. None when there is nothing to do (``_is_loaded``)."""
    report, dataset = load.report, load.source.dataset
    load.enter("extract")
    extracted = await extract(load.options, dataset)
    report.location, report.file_format = extracted.location, extracted.file_format
    report.checksum, report.byte_count, report.synthetic = extracted.checksum, extracted.byte_count, extracted.synthetic
    _refuse_synthetic_over_real(load, holds_real=load.holds_real)
    if _is_loaded(load) and not load.options.force:
        return None
    frame = await asyncio.to_thread(_prepare, load, extracted)
    # what comes until the next step begins is waiting for the data set before
    load.watch.close()
    report.step = None
    return frame


def _is_loaded(load: _Load) -> bool:
    """Whether this very file was loaded last, with the columns that are declared now, and its exports are there."""
    report, before = load.report, load.before
    return (
        before.version > 0
        and before.synthetic == report.synthetic
        and before.checksum == report.checksum
        and before.columns_checksum == load.source.columns_checksum
        and exports_exist(load.options.exports_dir, load.source.dataset.name, before.version)
    )


async def _read_after(derivation: Derivation, load: _Load) -> pl.DataFrame | None:
    """One after the other, so that the memory of the two does not add up."""
    await derivation.settled()
    return await _read(load)


def _refuse_synthetic_over_real(load: _Load, *, holds_real: bool) -> None:
    """Real data of any data set keeps a synthetic league out: the two never stand beside each other."""
    if load.report.synthetic and holds_real and not load.options.replace:
        raise Refused("The database holds real data, which a synthetic league does not replace.", "Use --replace if that is what you want.")


def _prepare(load: _Load, extracted: Extracted) -> pl.DataFrame:
    """Decode, check the schema, validate: everything that needs no database."""
    source, issues = load.source, load.issues
    load.enter("decode")
    frame = extracted.decode(source.dataset, issues)
    load.report.rows_read = len(frame)
    load.enter("validate", total=len(frame))
    frame = source.validate(frame, issues, synthetic=load.report.synthetic)
    if load.before.version == 0:  # the names of all rows will be asked for: better now, while PostgreSQL works for the data set before
        frame = with_name_keys(frame, source.dataset.persons.name)
    return frame.with_row_index("row")


async def _make_room(load: _Load) -> DatasetState:
    """Take the other kind of data away when real data comes to a synthetic league, or (asked for) the other way round.

    A league of another size or seed takes the place of the one before: its rows have nothing to do with each other. Returns the state to
    compare with: the data set before this one may have made room for this one too.
    """
    kinds = await load.connection.fetch("select synthetic from dataset where row_count > 0")
    _refuse_synthetic_over_real(load, holds_real=any(not row["synthetic"] for row in kinds))
    before = await read_state(load.connection, load.source.dataset.name)
    if not _is_another_league(load, before) and all(row["synthetic"] == load.report.synthetic for row in kinds):
        return before
    await remove_synthetic(load.connection)
    return await read_state(load.connection, load.source.dataset.name)


def _is_another_league(load: _Load, before: DatasetState) -> bool:
    asked_for = load.options.source == "sample" or load.options.replace
    known = before.row_count > 0 and before.synthetic and before.checksum != ""
    return load.report.synthetic and known and asked_for and before.checksum != load.report.checksum


async def _write(load: _Load, before: DatasetState, following: _Load | None) -> None:
    """Everything inside the transaction: gates against the load before, identity, merge, read side, version, exports."""
    connection, report = load.connection, load.report
    frame, load.frame = cast("pl.DataFrame", load.frame), None
    load.enter("normalise", total=len(frame))
    filled = _pass_gates(load, frame, before)
    frame, names = await load.source.normalise(connection, frame, load.issues)
    total, seasons = len(frame), frame.group_by("season").agg(pl.len().alias("row_count"))
    load.enter("match", total=total)

    async def find_persons(rows: pl.DataFrame) -> Found:
        found = await load.source.find_persons(connection, rows, report.run_id, load.carried, synthetic=report.synthetic)
        load.enter("merge", total=total)
        return found

    derivation = Derivation(load.options.exports_dir, load.source.dataset, names)

    def export(complete: pl.DataFrame) -> None:
        """New rows mean a new version."""
        derivation.begin(complete, before.version + 1)

    def beside_indexes() -> None:
        derivation.hurry()
        if following is not None:
            following.reading = asyncio.create_task(_read_after(derivation, following))

    writing = write_rows(
        connection, load.source.table, frame, set(before.season_counts), report.run_id, find_persons,
        Meanwhile(export, beside_indexes), hold=not load.options.replace, first=before.version == 0,
        unread=_never_read(load, before),
    )  # fmt: skip
    del frame
    try:
        written = await writing
    finally:
        # also after a failure nothing of ours may still be writing
        await derivation.settled()
    _take_counts(report, written.counts, load.issues)
    # other columns make other exports, even where no row differs
    changed = written.counts.changed or before.version == 0 or before.columns_checksum != load.source.columns_checksum
    report.dataset_version = version = before.version + 1 if changed else before.version
    if written.complete is not None and (changed or not exports_exist(load.options.exports_dir, load.source.dataset.name, version)):
        complete = await written.complete()
        load.enter("export", total=total)
        derivation.begin(complete, version)
    try:
        distribution = await derivation.result()
    finally:
        await derivation.settled()
    load.enter("refresh", total=total)
    if changed:
        await _refresh(load, seasons, filled, distribution)
    await _finish(load, written.counts, version, total, changed=changed)


def _never_read(load: _Load, before: DatasetState) -> frozenset[str]:
    """The columns that no load has read yet: that they are filled now is not a change of the source."""
    return frozenset(load.source.dataset.field_names) - before.field_counts.keys() if before.field_counts else frozenset()


def _pass_gates(load: _Load, frame: pl.DataFrame, before: DatasetState) -> dict[str, int]:
    """Hold the rows against what the load before had; returns how many values each column has. Raises ``QualityGateFailed``."""
    dataset, issues = load.source.dataset, load.issues
    filled = filled_counts(frame, dataset)
    if before.season_counts:
        check_season_counts(frame, before.season_counts, dataset, issues)
        of_known = frame.filter(pl.col("season").is_in(sorted(before.season_counts)))
        check_fill(filled_counts(of_known, dataset), before.field_counts, dataset, issues)
    report_dead_columns(filled, issues)
    return filled


async def _refresh(load: _Load, seasons: pl.DataFrame, filled: dict[str, int], distribution: pl.DataFrame | None) -> None:
    """What the API reads beside the rows themselves."""
    await write_counts(load.connection, seasons, load.source.dataset, filled)
    if distribution is not None:
        await write_distributions(load.connection, distribution)


async def _finish(load: _Load, counts: MergeCounts, version: int, total: int, *, changed: bool) -> None:
    """The version of the data set, and what the ledger says of this load."""
    report, dataset = load.report, load.source.dataset
    await write_state(
        load.connection,
        dataset,
        version=version,
        rows=total,
        synthetic=report.synthetic,
        checksum=report.checksum or "",
        run_id=report.run_id,
    )
    if dataset.name == "draft_picks" and counts.inserted < total:
        load.carried.selections = None  # it saw only a part of them
    report.state = "loaded" if changed else "unchanged"
    load.enter("commit", total=total)


def _take_counts(report: RunReport, counts: MergeCounts, issues: IssueLog) -> None:
    report.rows_inserted, report.rows_updated = counts.inserted, counts.updated
    report.rows_deleted, report.rows_unchanged = counts.deleted, counts.unchanged
    report.rows_quarantined = issues.count("quarantine")
