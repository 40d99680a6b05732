"""Quality for every caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from sqlalchemy import RowMapping, delete, func
from sqlalchemy.dialects.postgresql import Insert, insert

from app.context import ServiceContext
from app.datasets import DATASETS
from app.db.quality_models import QualityAcknowledgement, QualityDecision
from app.db.session import transaction
from app.errors import InvalidParameter, NotFound
from app.errors.wording import did_you_mean
from app.listing.model import Listing
from app.listing.query import ListQuery, plain_list
from app.quality.queries import ACCEPTED, DECISIONS, FINDINGS, ISSUES, RECORD_MISSING, RECORDED, SAYS, STANDING, SUMMARY, fill_counts
from app.quality.rules import RULES
from app.quality.schemas import (
    AboutParameters,
    Acknowledgement,
    Completeness,
    CompletenessParameters,
    FieldCompleteness,
    FindingCount,
)


async def completeness(context: ServiceContext, parameters: CompletenessParameters) -> Completeness:
    """Count the filled values per column of one data set, or of all, in the order of their declarations; on request season by season.

    Raises:
        InvalidParameter: seasons of a data set that has none.
        DatabaseUnavailable: the database did not respond.
    """
    by_season, chosen = parameters.by == "season" or parameters.season is not None, parameters.season
    if by_season and parameters.dataset and DATASETS[parameters.dataset].season is None:
        raise InvalidParameter("by" if chosen is None else "season", f"The {parameters.dataset} have no seasons.")
    version = await context.version()
    items: list[FieldCompleteness] = []
    for name in (parameters.dataset,) if parameters.dataset else DATASETS:
        if by_season and DATASETS[name].season is None:
            continue
        counts = fill_counts(name, by_season=by_season, chosen=chosen is not None)
        for season, total, *filled in await context.database.fetch(counts.statement, {"season": chosen}):
            items += [_completeness(name, season, field, count, total) for field, count in zip(counts.fields, filled, strict=True) if total]
    return Completeness(items=items, dataset_version=version.tag, synthetic=version.synthetic)


def _completeness(dataset: str, season: int | None, field: str, filled: int, total: int) -> FieldCompleteness:
    percent = round(100 * filled / total, 2)
    return FieldCompleteness(dataset=dataset, season=season, field=field, filled=filled, total=total, percent=percent, dead=filled == 0)


def _about_known(listing: Listing) -> Callable[[ServiceContext, AboutParameters], Awaitable[ListQuery]]:
    """Return the service function of a list, which raises InvalidParameter for a rule or a field that is neither declared nor recorded."""
    read = plain_list(listing)
    fields = {field.name for dataset in DATASETS.values() for field in dataset.stored}

    async def query(context: ServiceContext, parameters: AboutParameters) -> ListQuery:
        named = [("rule", RULES, text) for text in parameters.rule or ()] + [("field", fields, text) for text in parameters.field or ()]
        for name, known, text in named:
            # a file may have fields that are not declared, and an earlier release may have had other rules
            if text in known or await context.database.fetch_row(RECORDED[name], {"text": text}):
                continue
            raise InvalidParameter(
                name, f"Unknown {name} {text!r}. {did_you_mean(text, known)}Choose from {', '.join(sorted(known))}.", text
            )
        return await read(context, parameters)

    return query


list_issues = _about_known(ISSUES)
"""The latest first."""
list_findings = _about_known(FINDINGS)
"""What holds now, what is not acknowledged first."""
list_decisions = _about_known(DECISIONS)
"""What people have decided about findings, the latest first."""


async def count_findings(context: ServiceContext) -> list[FindingCount]:
    """Count what holds now, by data set, rule and field.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    return [FindingCount(**row) for row in await context.database.fetch(SUMMARY)]


async def acknowledge(context: ServiceContext, issue_ids: Sequence[int], given: Acknowledgement) -> list[str]:
    """Record why findings are acceptable, and return what they say; a second reason replaces the first.

    A number of an earlier load stands for the finding of now that says the same.

    Raises:
        NotFound: one of them does not hold; none is recorded.
        DatabaseUnavailable: the database did not respond.
    """
    async with transaction(context.database) as session:
        await session.execute(RECORD_MISSING)
        found = (await session.execute(STANDING, {"issue_ids": list(issue_ids)})).mappings().all()
        if gone := _not_found(issue_ids, found):
            raise NotFound(f"No finding that holds now has the ID {gone}.", "`dq quality findings` lists them.")
        record = insert(QualityAcknowledgement)
        record = record.on_conflict_do_update(
            index_elements=SAYS,
            set_={**{name: record.excluded[name] for name in ("reason", "acknowledged_by")}, "acknowledged_at": func.now()},
        )
        distinct = {tuple(row[name] for name in SAYS): row["message"] for row in found}
        rows = [{**dict(zip(SAYS, says, strict=True)), "reason": given.reason, "acknowledged_by": given.by} for says in distinct]
        await session.execute(record, rows)
        await session.execute(_decisions("acknowledge", distinct, given))
    return list(distinct.values())


async def withdraw(context: ServiceContext, issue_ids: Sequence[int], given: Acknowledgement) -> list[str]:
    """Take acknowledgements back, and return what the findings say, which are open again if they hold.

    Raises:
        NotFound: one of them is not acknowledged; none is withdrawn.
        DatabaseUnavailable: the database did not respond.
    """
    async with transaction(context.database) as session:
        await session.execute(RECORD_MISSING)
        found = (await session.execute(ACCEPTED, {"issue_ids": list(issue_ids)})).mappings().all()
        if gone := _not_found(issue_ids, found):
            raise NotFound(f"No acknowledged finding has the ID {gone}.", "`dq quality findings --acknowledged` lists them.")
        distinct = {tuple(row[name] for name in SAYS): row["message"] for row in found}
        accepted = {row["acknowledgement_id"] for row in found}
        await session.execute(delete(QualityAcknowledgement).where(QualityAcknowledgement.acknowledgement_id.in_(accepted)))
        await session.execute(_decisions("withdraw", distinct, given))
    return list(distinct.values())


def _not_found(issue_ids: Sequence[int], found: Sequence[RowMapping]) -> str:
    known = {row["asked_for"] for row in found}
    return " or ".join(str(each) for each in issue_ids if each not in known)


def _decisions(kind: str, findings: Iterable[tuple[object, ...]], given: Acknowledgement) -> Insert:
    about = {"kind": kind, "reason": given.reason, "decided_by": given.by}
    return insert(QualityDecision).values([{**dict(zip(SAYS, says, strict=True)), **about} for says in findings])
