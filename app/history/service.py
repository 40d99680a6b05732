"""History and provenance for every caller."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

import asyncpg
import msgspec

from app.context import ServiceContext
from app.datasets import DATASETS
from app.datasets.model import REFERENCE_KEYS
from app.errors import InvalidParameter, NotFound
from app.errors.wording import did_you_mean
from app.history.queries import LOADS, NAME, OF_PEOPLE, SUCCESSOR, VERSIONS
from app.history.schemas import (
    FieldHistory,
    HistoryParameters,
    Load,
    Origin,
    PersonHistory,
    PersonProvenance,
    ProvenanceParameters,
    RecordHistory,
    RecordProvenance,
    Span,
)
from app.listing.model import Row

#: The columns whose values are shown, by data set.
_FIELDS = {name: [field.name for field in dataset.stored if not field.name.endswith(REFERENCE_KEYS)] for name, dataset in OF_PEOPLE.items()}


class _Version(NamedTuple):
    """A row as it was between two loads."""

    from_run: int
    until_run: int | None
    content: Row


class _Record(NamedTuple):
    """A row in all its versions, oldest first."""

    dataset: str
    key: str
    versions: list[_Version]
    fields: list[str]

    @property
    def removed(self) -> bool:
        return self.versions[-1].until_run is not None


def _values(record: _Record, field: str) -> list[Span]:
    """Return the values of a field, without times; equal ones that follow each other without a gap are one."""
    spans: list[Span] = []
    for version in record.versions:
        value, start = version.content.get(field), version.from_run
        if spans and spans[-1].value == value and spans[-1].until_run == start:
            start = spans.pop().from_run
        spans.append(Span(value=value, from_run=start, from_time=None, until_run=version.until_run, until_time=None))
    return spans


def _ends(span: Span) -> tuple[int, int | None]:
    return span.from_run, span.until_run


async def history(context: ServiceContext, person_id: int, parameters: HistoryParameters) -> PersonHistory:
    """Return every value that the person's records have had, with the loads between which it was served.

    Raises:
        InvalidParameter: a field that none of the data sets has.
        NotFound: no person has or had the id.
    """
    version = await context.version()
    person_id, name, records = await _records(context, person_id, parameters)
    held = [(record, {field: _values(record, field) for field in record.fields}) for record in records]
    spans = [span for _, fields in held for values in fields.values() for span in values]
    times = {row["run_id"]: row["finished_at"] for row in await _loads(context, {run for each in spans for run in _ends(each) if run})}
    for each in spans:
        each.from_time, each.until_time = map(times.get, _ends(each))
    return PersonHistory(
        person_id=person_id,
        name=name,
        records=[
            RecordHistory(
                dataset=record.dataset,
                key=record.key,
                removed=record.removed,
                fields=[
                    FieldHistory(field=field, values=values)
                    for field, values in fields.items()
                    if len(values) > 1 or not parameters.changed
                ],
            )
            for record, fields in held
        ],
        dataset_version=version.tag,
    )


async def provenance(context: ServiceContext, person_id: int, parameters: ProvenanceParameters) -> PersonProvenance:
    """Return, for every value of the person's records, the load and the file that brought it.

    Raises:
        InvalidParameter: a field that none of the data sets has.
        NotFound: the id does not exist.
    """
    version = await context.version()
    person_id, name, records = await _records(context, person_id, parameters)
    if name is None:
        raise NotFound(f"No person has the ID {person_id}.")
    found = [
        RecordProvenance(dataset=each.dataset, key=each.key, origins=_origins(each))
        for each in records
        if not each.removed and each.versions[-1].content.get("person_id") == person_id
    ]
    loads = await _loads(context, {origin.run_id for record in found for origin in record.origins})
    return PersonProvenance(person_id=person_id, name=name, records=found, loads=[_load(row) for row in loads], dataset_version=version.tag)


def _origins(record: _Record) -> list[Origin]:
    fields: dict[int, list[str]] = {}
    for field in record.fields:
        latest = _values(record, field)[-1]
        if latest.value is not None:
            fields.setdefault(latest.from_run, []).append(field)
    return [Origin(run_id=run_id, fields=fields[run_id]) for run_id in sorted(fields)]


def _load(row: asyncpg.Record) -> Load:
    dataset = DATASETS[str(row["dataset"])]
    return Load.model_validate({**dict(row), "source": dataset.source, "licence": dataset.licence})


async def _loads(context: ServiceContext, run_ids: Iterable[int]) -> list[asyncpg.Record]:
    return await context.database.fetch(LOADS, {"run_ids": sorted(run_ids)})


async def _records(context: ServiceContext, person_id: int, parameters: ProvenanceParameters) -> tuple[int, str | None, list[_Record]]:
    """Return the person's id and name today, and the records that are or were the person's; a former id leads to its successor."""
    chosen = parameters.dataset or tuple(OF_PEOPLE)
    wanted = parameters.field
    known = {field for name in chosen for field in _FIELDS[name]}
    for field in wanted or ():
        if field not in known:
            hint = did_you_mean(field, known)
            raise InvalidParameter(
                "field", f"No data set of people has a field {field!r}. {hint}Known fields: {', '.join(sorted(known))}.", field
            )
    person = await context.database.fetch_row(NAME, {"person_id": person_id})
    rows = await context.database.fetch(VERSIONS, {"person_id": person_id})
    if person is None and not rows:
        if former := await context.database.fetch_row(SUCCESSOR, {"person_id": person_id}):
            return await _records(context, int(former["successor_id"]), parameters)
        raise NotFound(f"No person has the ID {person_id}.")
    records = [
        _Record(
            dataset,
            key,
            [_Version(row["from_run"], row["until_run"], msgspec.json.decode(row["content"])) for row in versions],
            [field for field in _FIELDS[dataset] if wanted is None or field in wanted],
        )
        for (dataset, key), versions in groupby(rows, lambda row: (str(row["dataset"]), str(row["key"])))
        if dataset in chosen
    ]
    return person_id, None if person is None else str(person["name"]), records
