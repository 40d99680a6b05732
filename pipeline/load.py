"""One load of one data set, read top to bottom: ``load`` is the list of its phases.

Everything that changes the database is one transaction, so that a reader sees the data of before or of after, never a mixture. What happens
at the same time, and why, is in ``pipeline.steps.overlap``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import polars as pl

from app.datasets import DATASETS, EXPECTED, LEAGUE
from app.datasets.model import Dataset
from app.db.failures import DATABASE_FAILURES
from pipeline.errors import Refused
from pipeline.extraction import Extracted, extract
from pipeline.issues import Issue, IssueLog, Standing
from pipeline.ledger import RunReport, Stopwatch
from pipeline.options import LoadOptions, Progress
from pipeline.schema import columns_checksum, polars_type
from pipeline.sources.hooks import Source
from pipeline.steps.compare import check_fill, check_gaps, check_parts, standing_losses
from pipeline.steps.conflicts import settle_conflicts
from pipeline.steps.decisions import missing_records
from pipeline.steps.export import Written
from pipeline.steps.extract import passed_over
from pipeline.steps.identity import Carried
from pipeline.steps.merge import Merge, MergeCounts
from pipeline.steps.normalise import with_name_keys
from pipeline.steps.overlap import Exports, ReadAhead
from pipeline.steps.persons import Found, without_persons
from pipeline.steps.refresh import (
    DatasetState,
    filled_counts,
    read_state,
    remove_data_sets,
    remove_synthetic,
    write_counts,
    write_state,
)
from pipeline.steps.validate import check_row_counts, report_dead_columns, report_unfinished_season
from pipeline.webhook import queue_notice

#: Share of new rows above which the planner's statistics are no longer useful.
ANALYZE_SHARE = 0.1


@dataclass(slots=True)
class Load:
    """One load on its way through the phases."""

    connection: asyncpg.Connection
    options: LoadOptions
    source: Source
    report: RunReport
    watch: Stopwatch
    progress: Progress
    carried: Carried
    before: DatasetState
    #: Whether a data set that a synthetic league would replace holds real rows.
    holds_real: bool = False
    issues: IssueLog = field(default_factory=IssueLog)
    #: Once true, nothing that goes wrong can undo the load any more.
    committed: bool = False
    #: Fields that the file has no column for.
    absent: frozenset[str] = frozenset()
    ahead: ReadAhead = field(init=False)

    def __post_init__(self) -> None:
        self.ahead = ReadAhead(lambda: read(self))

    @property
    def dataset(self) -> Dataset:
        """What is declared about the data set."""
        return self.source.dataset

    def enter(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Begin a step: in the ledger, in the timings, and for the progress display."""
        self.watch.enter(step)
        self.progress(self.report.dataset, step, done, total)


async def load(this: Load, following: Load | None) -> None:
    """Bring one data set from its file into the database; ``following`` may be read ahead.

    Raises ``LoadError``, or what the database raises, with nothing kept.
    """
    # 1. Read the file: extract, decode, check, validate.
    rows = await this.ahead.rows()
    if rows is None:
        _report_unchanged(this)
        return
    async with this.connection.transaction():
        # 2. Compare it with the previous load, and translate its codes.
        before = await _make_room(this)
        total = len(rows)
        this.enter("normalise", total=total)
        filled = await _pass_gates(this, rows, before)
        rows, describe = await this.source.hooks.normalise(this.connection, rows, this.issues)
        if len(rows) < total:  # rows with an unknown code were left out
            total, filled = len(rows), filled_counts(rows, this.dataset)
        people = this.source.hooks.people
        if people is not None and people.recognition is None:
            found = await _find_persons(this, rows)
            await found.write(())
            rows = found.rows
        seasons = rows.group_by(this.dataset.season).agg(pl.len().alias("row_count")) if this.dataset.season else None
        # 3. Find the rows that differ, and the people they belong to.
        this.enter("match", total=total)
        merge = Merge(this.connection, this.dataset, people.recognition if people else None, this.report.run_id)
        differing = await merge.compare(rows, before.season_counts, before.row_count, first=before.version == 0)
        found = await _find_persons(this, differing) if people is not None and people.recognition else without_persons(differing)
        del rows, differing
        # 4. Write people and rows. Rows that are all new are exported meanwhile, and the next file is read while the indexes are built.
        this.enter("merge", total=total)
        figures_of, all_new = this.source.hooks.figures, merge.all_new
        exports = Exports(this.options.exports_dir, this.dataset, describe, figures_of.make if figures_of else None)
        try:
            if all_new:
                exports.begin(found.rows, None if this.dataset.shows else before.version + 1)
            await found.write(merge.emptied.tables)
            made, rows = found.made, found.rows
            del found
            await merge.write(rows, hold=not this.options.replace, unread=_never_read(this, before))
            del rows
            if all_new:
                _read_ahead(following, exports)
            await merge.finish(made)
            if people is not None and merge.counts.changed:
                await settle_conflicts(this.connection, this.report.run_id)
            if people is not None:
                for issue in await missing_records(this.connection, this.dataset):
                    this.issues.add(issue)
            # 5. Make the figures that were not made meanwhile. Exports that were not written follow the last load of the run.
            changed = _is_changed(this, before, merge.counts)
            version = before.version + 1 if changed else before.version
            if changed and figures_of is not None and merge.frame is not None:
                exports.begin(merge.frame, None)
            figures = await exports.figures()
        finally:
            # even after a failure, our threads must have stopped writing
            await exports.settled()
        # 6. Refresh what the API reads besides the rows, and set the version.
        this.enter("refresh", total=total)
        if changed:
            await write_counts(this.connection, seasons, this.dataset, filled)
            if figures_of is not None and figures is not None:
                await figures_of.write(this.connection, figures)
        await _set_version(this, version, total)
        _report_loaded(this, merge.counts, version, total, changed=changed)
        if changed:
            await queue_notice(this.connection, this.report)
        _read_ahead(following, exports)
        this.enter("commit", total=total)
    this.committed = True
    if exports.number is not None:
        this.carried.exported[this.dataset.name] = Written(exports.number, version)
    # 7. Tidy up after the commit.
    if not this.options.dry_run:
        await _tidy_up(this)


async def read(this: Load) -> pl.DataFrame | None:
    """Extract, decode, check, validate: everything that needs no database. None when there is nothing to do (``_is_loaded``)."""
    report = this.report
    this.enter("extract")
    if this.options.source == "past":
        from pipeline.rollback import read_past  # a load of a file needs none of the API's packages

        extracted = await read_past(this.connection, this.dataset, this.options.to_run, this.before)
    else:
        extracted = await extract(this.options, this.dataset)
    report.location, report.file_format = extracted.location, extracted.file_format
    report.checksum, report.byte_count = extracted.checksum, extracted.byte_count
    report.synthetic, report.published_at = extracted.synthetic, extracted.published_at
    for path in extracted.passed_over:
        this.issues.add(passed_over(path, Path(extracted.location)))
    _refuse_synthetic_over_real(this, holds_real=this.holds_real)
    if this.before.taken_back and this.before.checksum == report.checksum and not this.options.force:
        message = f"{extracted.location} has been taken back by dq etl rollback; dq etl run --force loads it again."
        this.issues.add(Issue("info", "taken_back", message))
        return None
    if (_is_loaded(this) and not this.options.force) or _stays_real(this):
        return None
    rows = await asyncio.to_thread(_prepare, this, extracted)
    # until the next step begins, this one waits for the previous data set
    this.watch.close()
    report.step = None
    return rows


def _is_loaded(this: Load) -> bool:
    """Check that this very file was loaded last, with the declared fields and the known people."""
    report, before = this.report, this.before
    return (
        before.version > 0
        and before.synthetic == report.synthetic
        and before.checksum == report.checksum
        and before.columns_checksum == columns_checksum(this.dataset)
        and not before.outdated
        and this.carried.changed.isdisjoint(this.source.hooks.follows)
    )


def _stays_real(this: Load) -> bool:
    """Whether the database has real rows of a data set that is true of any league, which made-up ones do not replace."""
    return this.report.synthetic and this.dataset.name not in LEAGUE and this.before.row_count > 0 and not this.before.synthetic


def _prepare(this: Load, extracted: Extracted) -> pl.DataFrame:
    this.enter("decode")
    rows = extracted.decode(this.dataset, this.issues)
    absent = [each for each in this.dataset.fields if each.name not in rows.columns]
    this.absent = frozenset(each.name for each in absent)
    rows = rows.with_columns(pl.lit(None, dtype=polars_type(each)).alias(each.name) for each in absent)
    this.report.rows_read = len(rows)
    this.enter("validate", total=len(rows))
    rows = this.source.hooks.validate(this.dataset, rows, this.issues, synthetic=this.report.synthetic)
    if this.before.version == 0 and this.dataset.people is not None:
        # the names of all rows will be needed: better now, while PostgreSQL works for the previous data set
        rows = with_name_keys(rows, this.dataset.people.name)
    return rows.with_row_index("row")


def _read_ahead(following: Load | None, exports: Exports) -> None:
    """Begin to read the next file when PostgreSQL has all rows of this one, unless what this one changes decides how it is read."""
    exports.hurry()
    if following is not None and not following.source.hooks.follows:
        following.ahead.begin(exports)


def _refuse_synthetic_over_real(this: Load, *, holds_real: bool) -> None:
    """Refuse a synthetic league while the database has real data of any data set: the two are never in one database."""
    if this.report.synthetic and holds_real and this.dataset.name in LEAGUE and not this.options.replace:
        raise Refused("The database holds real data, which a synthetic league does not replace.", "Use --replace if that is what you want.")


async def _make_room(this: Load) -> DatasetState:
    """Remove the other kind of data when real data come to a synthetic league, or (on request) the other way round.

    A league of another size or seed takes the place of the previous one: its rows have nothing to do with each other. Returns the state to
    compare with: the previous data set may have made room for this one too.
    """
    kinds = await this.connection.fetch("select dataset, synthetic from dataset where row_count > 0 and dataset = any($1)", list(LEAGUE))
    others = [row["dataset"] for row in kinds if row["synthetic"] != this.report.synthetic]
    before = await read_state(this.connection, this.dataset.name)
    if this.dataset.name not in LEAGUE:
        if this.report.synthetic:
            _refuse_part_of_another_league(this, others)
        elif before.synthetic:
            await remove_data_sets(this.connection, [this.dataset.name])
            return await read_state(this.connection, this.dataset.name)
        return before
    _refuse_synthetic_over_real(this, holds_real=any(not row["synthetic"] for row in kinds))
    _refuse_part_of_another_league(this, others)
    if not others and not _is_another_league(this, before):
        return before
    await remove_synthetic(this.connection)
    if not this.report.synthetic:
        this.report.remark = "The synthetic league that the database held was removed: real data replace it."
    return await read_state(this.connection, this.dataset.name)


def _refuse_part_of_another_league(this: Load, others: list[str]) -> None:
    """Refuse a data set that not every league has, while ``others`` hold the other kind of data."""
    if this.dataset.expected or not set(others) - {this.dataset.name}:
        return
    there, given = ("real data", "a synthetic league") if this.report.synthetic else ("a synthetic league", "real data")
    raise Refused(
        f"The database holds {there}; {this.dataset.title} of {given} do not replace it.",
        f"Load the {' and '.join(DATASETS[name].title for name in EXPECTED)} that they belong to first.",
    )


def _is_another_league(this: Load, before: DatasetState) -> bool:
    """Decide whether a generated league is to take the place of another one. Files may always be another release of the same league."""
    generated = this.options.source == "sample" and this.dataset.expected
    return generated and before.row_count > 0 and before.synthetic and before.checksum not in ("", this.report.checksum)


async def _pass_gates(this: Load, rows: pl.DataFrame, before: DatasetState) -> dict[str, int]:
    """Hold the rows against what the previous load had; returns how many values each field has. Raises ``QualityGateFailed``."""
    dataset, issues = this.dataset, this.issues
    filled = filled_counts(rows, dataset)
    if not this.report.synthetic:
        report_unfinished_season(rows, dataset, issues)
    if before.row_count and this.options.source != "past":  # rows that were served need not have passed today's gates
        standing, older = await standing_losses(this.connection, dataset.name), this.options.older
        check_row_counts(rows, before.row_count, before.season_counts, standing, dataset, issues, older=older)
        if older:
            message = f"Loaded with --older: a file of {len(rows)} rows over {before.row_count}, whose fields were not compared."
            issues.add(Issue("warning", "older_release", message, value=str(len(rows))))
        else:
            await _compare_fields(this, rows, before, standing)
    check_gaps(rows, before.season_counts, dataset, issues, accepted=this.options.accept_gap or this.options.source == "past")
    report_dead_columns(filled, issues)
    return filled


async def _compare_fields(this: Load, rows: pl.DataFrame, before: DatasetState, standing: Standing) -> None:
    """Hold the values of the columns that the file has against those of the previous load. Raises ``QualityGateFailed``."""
    dataset, issues, accepted = this.dataset, this.issues, this.options.replace
    were = {name: was for name, was in before.field_counts.items() if name not in this.absent}
    known = rows
    if dataset.season is not None:
        known = rows.filter(pl.col(dataset.season).is_in(sorted(before.season_counts)))
    else:  # the rows that are gone have passed their own gate
        were = {name: round(was * min(1.0, len(rows) / before.row_count)) for name, was in were.items()}
    check_fill(filled_counts(known, dataset), were, standing, dataset, issues, accepted=accepted)
    await check_parts(this.connection, rows.drop(list(this.absent)), standing, dataset, issues, accepted=accepted)


async def _find_persons(this: Load, rows: pl.DataFrame) -> Found:
    """Find the people of rows. Raises ``TypeError`` for a data set without people."""
    people = this.source.hooks.people
    if people is None:
        raise TypeError(f"the data set {this.dataset.name} has no people")
    found = await people.find(this.connection, rows, this.report.run_id, this.carried, synthetic=this.report.synthetic)
    for issue in found.issues:
        this.issues.add(issue)
    return found


def _never_read(this: Load, before: DatasetState) -> frozenset[str]:
    """Return the fields that no load has read before: filling them now is not a change of the source."""
    return frozenset(this.dataset.field_names) - before.field_counts.keys() if before.field_counts else frozenset()


def _is_changed(this: Load, before: DatasetState, counts: MergeCounts) -> bool:
    """Check whether the data set has a new version; other fields make other exports, even if no row differs."""
    return counts.changed or before.version == 0 or before.columns_checksum != columns_checksum(this.dataset)


async def _set_version(this: Load, version: int, total: int) -> None:
    report = this.report
    await write_state(
        this.connection,
        this.dataset,
        version=version,
        rows=total,
        synthetic=report.synthetic,
        checksum=report.checksum or "",
        run_id=report.run_id,
    )


def _report_unchanged(this: Load) -> None:
    report, before = this.report, this.before
    report.state, report.dataset_version = "unchanged", before.version
    report.rows_read = report.rows_unchanged = before.row_count


def _report_loaded(this: Load, counts: MergeCounts, version: int, total: int, *, changed: bool) -> None:
    report = this.report
    report.dataset_version = version
    report.rows_inserted, report.rows_updated = counts.inserted, counts.updated
    report.rows_deleted, report.rows_unchanged = counts.deleted, counts.unchanged
    report.rows_quarantined = this.issues.count("quarantine")
    report.state = "loaded" if changed else "unchanged"
    if report.remark:
        this.issues.add(Issue("info", "league_replaced", report.remark))
    if changed:
        this.carried.changed.add(this.dataset.name)
    if counts.inserted < total:
        this.carried.selections = None  # only a part of them was looked at


async def _tidy_up(this: Load) -> None:
    """Update statistics; the load is already committed."""
    report, dataset = this.report, this.dataset
    try:
        if report.rows_inserted > ANALYZE_SHARE * report.rows_read:
            # without it the planner assumes empty tables until autovacuum runs, and searches take seconds
            this.enter("analyze", total=report.rows_read)
            # a tenth of the usual sample: the sizes matter, not the last percent of a distribution
            await this.connection.execute("set default_statistics_target = 10")
            people = ", person, person_alias, external_id" if dataset.people is not None else ""
            await this.connection.execute(f"analyze {dataset.table}{people}")
    except DATABASE_FAILURES as error:
        this.issues.add(Issue("warning", "not_tidied", f"The load is kept, but what comes after it failed: {error}"))
