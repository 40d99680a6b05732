"""Run loads: every data set in order, one ledger row each, one load at a time. ``pipeline.load`` has what one load does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import polars as pl

from app.datasets import LEAGUE
from app.db.connect import connect
from app.db.failures import DATABASE_FAILURES, connection_lost
from pipeline.errors import LoadError
from pipeline.explain import explain
from pipeline.extraction import offered
from pipeline.issues import Issue
from pipeline.ledger import RunReport, Stopwatch, close_abandoned_runs, close_run, open_run
from pipeline.load import Load, load
from pipeline.lock import LOADING, load_lock
from pipeline.options import LoadOptions, Progress, no_progress
from pipeline.reference.catalog import sync_reference
from pipeline.schema import columns_checksum
from pipeline.sources.hooks import source_of
from pipeline.steps.export import outdated_exports, write_exports
from pipeline.steps.identity import Carried
from pipeline.steps.refresh import read_state, refresh_read_models

__all__ = ["LoadOptions", "RunReport", "load_all"]

_ADVICE = re.compile(r"(?<=load it with )--(?:older|replace|accept-gap)\b")
_STOPPED = "The load was stopped and rolled back."
#: The server checks every second whether this process is still there, so that a load that was killed soon blocks no other.
_SESSION = {"application_name": LOADING, "jit": "off", "client_connection_check_interval": "1s"}


async def load_all(options: LoadOptions, progress: Progress = no_progress) -> list[RunReport]:
    """Load the data sets of ``options`` one after the other and return what happened to each.

    A data set that cannot be loaded is reported (state and an error message), never raised: the next one is tried all the same. Raises
    ``AlreadyRunning`` when another process is loading, and still is after ``options.wait_seconds``; ``LoadError`` when the database has no
    room to record that a load begins.
    """
    try:
        return await _load_all(options, progress)
    except asyncpg.DiskFullError as error:
        raise LoadError(explain(error)) from error


async def _load_all(options: LoadOptions, progress: Progress) -> list[RunReport]:
    connection = await connect(options.dsn, timeout=10, server_settings=_SESSION)
    try:
        async with load_lock(connection, options.wait_seconds, lambda holder: progress("waiting", holder, 0, None)):
            if not options.dry_run:
                return await _load_each(connection, options, progress)
            async with _nothing_kept(connection):
                with TemporaryDirectory(prefix="draft-queen-") as exports:
                    return await _load_each(connection, replace(options, exports_dir=Path(exports)), progress)
    finally:
        await _close(connection)


async def _load_each(connection: asyncpg.Connection, options: LoadOptions, progress: Progress) -> list[RunReport]:
    await close_abandoned_runs(connection)
    await sync_reference(connection)
    carried = Carried()
    loaded = {row["dataset"] for row in await connection.fetch("select dataset from dataset where row_count > 0")}
    names = options.datasets or offered(options, loaded)
    loads = [await _open(connection, options, name, progress, carried) for name in names]
    try:
        for this, following in zip(loads, [*loads[1:], None], strict=True):
            await _run(this, following)
    except BaseException:
        for this in loads:
            if this.report.state == "running":  # it never began
                this.report.state, this.report.error = "failed", _STOPPED
                await _settle(this)
        raise
    finally:
        for this in loads:
            this.ahead.cancel()
    return [this.report for this in loads]


@asynccontextmanager
async def _nothing_kept(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Roll back whatever the block writes; the transactions of the loads in it are savepoints."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        if not connection.is_closed():
            await transaction.rollback()


async def _open(connection: asyncpg.Connection, options: LoadOptions, name: str, progress: Progress, carried: Carried) -> Load:
    source = source_of(name)
    kind = "sample" if options.source == "sample" else name
    report = await open_run(connection, kind, name, options.trigger, columns_checksum(source.dataset))
    before = await read_state(connection, name, source.hooks.follows)
    holds_real = await connection.fetchval(
        "select exists (select from dataset where row_count > 0 and not synthetic and dataset = any($1))", list(LEAGUE)
    )
    return Load(connection, options, source, report, Stopwatch(report), progress, carried, before, holds_real=holds_real)


async def _close(connection: asyncpg.Connection) -> None:
    """Close politely, but do not wait for a server that is gone or busy rolling back."""
    try:
        await connection.close(timeout=5)
    except DATABASE_FAILURES:
        connection.terminate()


async def _run(this: Load, following: Load | None) -> None:
    """Load one data set, from its file to its ledger row, whatever happens."""
    report = this.report
    this.watch.enter("extract")
    try:
        await load(this, following)
    except LoadError as error:
        sentence = _with_flags(str(error), this.options)
        report.state, report.error = error.state, sentence  # type: ignore[assignment]
        this.issues.add(Issue("error", type(error).__name__, sentence))
    except (*DATABASE_FAILURES, pl.exceptions.PolarsError) as error:
        report.state, report.error = "failed", explain(error)
    except BaseException:
        if not this.committed:
            report.state, report.error = "failed", _STOPPED
        await _settle(this)
        raise
    finally:
        if not this.committed:
            this.carried.selections = None  # what it wrote was rolled back
    try:
        if following is None and this.options.joined and not (this.options.dry_run or this.connection.is_closed()):
            await _refresh_read_models(this)
            await _export(this)
    finally:  # a load that has committed is not in the ledger as one that was stopped
        await _settle(this)
    if this.options.dry_run:
        await _preview(this)
    this.progress(report.dataset, report.state, report.rows_read, report.rows_read)


async def _refresh_read_models(this: Load) -> None:
    """Fill the read models; a failure costs no load, and makes nothing wrong, only slower."""
    try:
        await refresh_read_models(this.connection)
    except DATABASE_FAILURES as error:
        reason = explain(error, rolled_back=False)
        message = f"The loads are kept, but aggregates of prospects and Athletic Scores are slow until the next load. {reason}"
        this.issues.add(Issue("warning", "not_refreshed", message))


async def _export(this: Load) -> None:
    """Write the exports that are not those of the data; a failure costs no load."""
    exports = this.options.exports_dir
    try:
        if outdated := await outdated_exports(this.connection, exports):
            if this.report.state in ("loaded", "unchanged"):
                this.enter("export")
            await write_exports(this.connection, exports, outdated, this.carried.exported)
    except (*DATABASE_FAILURES, OSError, pl.exceptions.PolarsError) as error:
        reason = explain(error, rolled_back=False)
        message = f"The loads are kept, but not every export was written; the next load writes the others. {reason}"
        this.issues.add(Issue("warning", "not_exported", message))


def _with_flags(sentence: str, options: LoadOptions) -> str:
    """Name every flag that the next attempt needs: the one that is advised, and those that this attempt had."""
    flags = {"--older": options.older, "--accept-gap": options.accept_gap, "--replace": options.replace}
    given = [flag for flag, has in flags.items() if has]
    return _ADVICE.sub(lambda advised: " ".join(dict.fromkeys((*given, advised[0]))), sentence)


async def _settle(this: Load) -> None:
    """Write the outcome to the ledger, if need be over a new connection: the old one may be broken by what went wrong."""
    this.watch.close()
    if this.report.state in ("loaded", "unchanged"):
        this.report.step = None
    if this.options.dry_run:
        return
    if not this.connection.is_closed() and not this.connection.is_in_transaction():
        try:
            await close_run(this.connection, this.report, this.issues)
        except DATABASE_FAILURES as error:
            if not connection_lost(error):
                raise
        else:
            return
    async with _fresh_connection(this.options.dsn) as connection:
        if connection is not None:
            # when this fails too, the next load closes the ledger row; the first error is the one to report
            with suppress(*DATABASE_FAILURES):
                await close_run(connection, this.report, this.issues)


async def _preview(this: Load) -> None:
    """Report what a dry run has written, which is going to be rolled back, and make room for the next data set."""
    report, counts = this.report, this.issues.counts
    report.warnings = this.issues.count("warning")
    report.findings = {rule: number for (_, rule), number in sorted(counts.items(), key=lambda item: item[0][1]) if number}
    report.changes = {}
    if this.connection.is_closed():
        return
    events = await this.connection.fetch(
        "select concat_ws(' ', kind, field) as what, count(*) as number from change_event where run_id = $1 group by 1 order by 1",
        report.run_id,
    )
    report.changes = {row["what"]: row["number"] for row in events}
    # these tables go with the transaction of a load, which has not ended
    await this.connection.execute("discard temp")


@asynccontextmanager
async def _fresh_connection(dsn: str) -> AsyncIterator[asyncpg.Connection | None]:
    """Yield a new connection, or None while the database is unavailable: the next load then closes the ledger row of this one."""
    try:
        connection = await connect(dsn, timeout=5)
    except DATABASE_FAILURES:
        yield None
        return
    try:
        yield connection
    finally:
        await _close(connection)
