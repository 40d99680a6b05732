"""People's measurements for every caller: API and command line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from app.athletics.comparables import comparables_statement, entry_count_statement
from app.athletics.formulas import FEWEST_SHARED
from app.athletics.queries import ATHLETIC_SCORE, COMPARABLES, PERCENTILES, VISITS
from app.athletics.schemas import (
    FEWEST_COMPARED,
    MOST_COMPARABLES,
    MOST_ENTRIES,
    Classes,
    Comparable,
    ComparablesListParameters,
    ComparablesParameters,
    Compared,
    CompareParameters,
    Comparison,
    Measured,
    PersonComparables,
    PersonPercentiles,
    PersonScore,
    PersonVisit,
    PoolParameters,
    Score,
    ScoreParameters,
    Subject,
    VisitParameters,
)
from app.athletics.scores import READ_MODEL, SCORES, STORED_SCORE
from app.context import ServiceContext
from app.context.read_models import is_current
from app.datasets.combine import COMBINE, DRILLS
from app.db.models import entry_score
from app.db.statements import Statement
from app.errors import InvalidParameter, NotFound
from app.listing.derived import resolve_filters
from app.listing.query import ListQuery, query_list
from app.listing.table import TableQuery
from app.people.queries import OUTCOMES_OF, SELECTIONS_OF
from app.people.schemas import SelectionInShort, SelectionOutcome
from app.people.service import successor_of, widened

S = TypeVar("S", bound=SelectionInShort)
_ANY_FIRST, _ANY_LAST = 0, 9999
_NEVER = "There is no record of this person at the combine."


class _Visit(NamedTuple):
    """A person, the visit in question, and the values measured there."""

    subject: Subject
    values: Mapping[str, float | None]

    @property
    def metrics(self) -> int:
        return sum(value is not None for value in self.values.values())

    def bound(self, pool: PoolParameters) -> dict[str, object]:
        """Return the values that every statement binds."""
        subject = self.subject
        classes = _classes(subject, pool)
        return {
            "person_id": subject.person_id,
            "visit": subject.visit,
            "leaf": subject.position_leaf,
            "group": subject.position_group,
            "first": _ANY_FIRST if classes.season_min is None else classes.season_min,
            "last": _ANY_LAST if classes.season_max is None else classes.season_max,
        }


async def scores(context: ServiceContext, parameters: ScoreParameters) -> ListQuery:
    """Return the query for the percentiles and Athletic Scores of combine entries.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not respond.
    """
    listing = READ_MODEL if await is_current(context, entry_score) else SCORES
    return await query_list(context, COMBINE, listing, parameters)


async def percentiles(context: ServiceContext, person_id: int, parameters: VisitParameters) -> PersonPercentiles:
    """Return a person's measurements as percentiles.

    Raises:
        NotFound: the id does not exist.
        InvalidParameter: the person was not at the combine of ``visit``.
        DatabaseUnavailable: the database did not respond.
    """
    visit, about = await _about(context, person_id, parameters)
    return PersonPercentiles(**dict(about), drills=await _measured(context, visit, parameters))


async def athletic_score(context: ServiceContext, person_id: int, parameters: VisitParameters) -> PersonScore:
    """Return a person's Athletic Score.

    Raises:
        NotFound: the id does not exist.
        InvalidParameter: the person was not at the combine of ``visit``.
        DatabaseUnavailable: the database did not respond.
    """
    visit, about = await _about(context, person_id, parameters)
    return PersonScore(**dict(about), athletic_score=await _score(context, visit, parameters, await is_current(context, entry_score)))


async def comparables(context: ServiceContext, person_id: int, parameters: ComparablesParameters) -> PersonComparables:
    """Return the entries most like a person's, the nearest first.

    Raises:
        NotFound: the id does not exist.
        InvalidParameter: the person was not at the combine of ``visit``.
        DatabaseUnavailable: the database did not respond.
    """
    visit, about = await _about(context, person_id, parameters)
    rows, note = [], _too_few(visit)
    if note is None:
        rows = await context.database.fetch(COMPARABLES, {**visit.bound(parameters), **visit.values, "limit": parameters.limit})
        note = None if rows else f"No other entry of {visit.subject.position_leaf} in these classes shares {FEWEST_SHARED} measurements."
    selections = await _selections(context, SELECTIONS_OF, SelectionInShort, [row["person_id"] for row in rows])
    return PersonComparables(
        **dict(about),
        n=rows[0]["total"] if rows else 0,
        scope=visit.subject.position_leaf,
        note=note,
        values=dict(visit.values),
        comparables=[
            Comparable(
                **{name: row[name] for name in ("person_id", "season", "pos", "school", "distance", "similarity", "shared")},
                name=row["player_name"],
                values={name: row[name] for name in DRILLS},
                selections=selections[row["person_id"]],
            )
            for row in rows
        ],
    )


async def comparables_list(context: ServiceContext, parameters: ComparablesListParameters) -> TableQuery:
    """Return the query for the comparables of the entries that the filters choose.

    Raises:
        InvalidParameter: naming the parameter that is wrong, or too many entries or comparables.
        DatabaseUnavailable: the database did not respond.
    """
    version = await context.version()
    filters = resolve_filters(COMBINE, parameters, await context.references(version))
    names = frozenset(filters)
    row = await context.database.fetch_row(entry_count_statement(names), filters)
    entries, measured = (row["n"], row["measured"]) if row else (0, 0)
    if entries > MOST_ENTRIES:
        raise InvalidParameter("nearest", f"The filters choose {entries:,} entries, more than {MOST_ENTRIES:,}; add a filter.")
    if measured * parameters.nearest > MOST_COMPARABLES:
        words = f"{parameters.nearest} comparables of {measured:,} entries are more than {MOST_COMPARABLES:,}"
        raise InvalidParameter("nearest", f"{words}; lower `nearest` or add a filter.", str(parameters.nearest))
    statement, values = partial(comparables_statement, names, parameters.earlier_only), {**filters, "nearest": parameters.nearest}
    at_most = measured * parameters.nearest + entries - measured  # an entry without comparables has one row
    return TableQuery(context, "comparables", statement, values, version, parameter="nearest", at_most=at_most)


async def compare(context: ServiceContext, parameters: CompareParameters) -> Comparison:
    """Return people side by side, each at the latest visit.

    Raises:
        NotFound: an id does not exist.
        InvalidParameter: the ids are one person's.
        DatabaseUnavailable: the database did not respond.
    """
    version = await context.version()
    visits = await _visits(context, parameters.ids)
    if len(visits) < FEWEST_COMPARED:
        raise InvalidParameter("ids", "Name at least two different people.", ",".join(map(str, parameters.ids)))
    selections = await _selections(context, OUTCOMES_OF, SelectionOutcome, [visit.subject.person_id for visit in visits])
    ranked = await is_current(context, entry_score)
    people = [
        Compared(
            **dict(visit.subject),
            classes=_classes(visit.subject, parameters),
            drills=await _measured(context, visit, parameters),
            athletic_score=await _score(context, visit, parameters, ranked),
            selections=selections[visit.subject.person_id],
        )
        for visit in visits
    ]
    return Comparison(people=people, dataset_version=version.tag, synthetic=version.synthetic)


async def _about(context: ServiceContext, person_id: int, parameters: VisitParameters) -> tuple[_Visit, PersonVisit]:
    """Return the visit in question, and what every response about it says."""
    version = await context.version()
    [visit] = await _visits(context, [person_id], parameters.visit)
    classes = _classes(visit.subject, parameters)
    return visit, PersonVisit(**dict(visit.subject), classes=classes, dataset_version=version.tag, synthetic=version.synthetic)


async def _visits(context: ServiceContext, person_ids: Sequence[int], season: int | None = None) -> list[_Visit]:
    """Return each person once, in the given order, with the visit of ``season`` or the latest one.

    A former id leads to the person of today.
    """
    found = await _rows_of(context, person_ids)
    successors = {each: successor for each in person_ids if each not in found and (successor := await successor_of(context, each))}
    if successors:
        found = {**found, **await _rows_of(context, list(successors.values()))}
    today = dict.fromkeys(successors.get(each, each) for each in person_ids)
    return [_visit(each, found.get(each, []), season) for each in today]


async def _rows_of(context: ServiceContext, person_ids: Sequence[int]) -> Mapping[int, Sequence[Mapping[str, object]]]:
    found: defaultdict[int, list[Mapping[str, object]]] = defaultdict(list)
    for row in await context.database.fetch(VISITS, {"person_ids": list(person_ids)}):
        found[row["person_id"]].append(dict(row))
    return found


def _visit(person_id: int, rows: Sequence[Mapping[str, object]], season: int | None) -> _Visit:
    if not rows:
        raise NotFound(f"No person has the ID {person_id}.")
    visits = [row["season"] for row in rows if row["season"] is not None]
    chosen = next((row for row in rows if row["season"] == season), None) if season is not None else rows[-1]
    if chosen is None:
        known = f"the visits were in {', '.join(map(str, visits))}" if visits else "the data have no combine entry of this player"
        raise InvalidParameter("visit", f"{rows[0]['name']} was not at the combine of {season}; {known}.", str(season))
    names = ("person_id", "name", "pos", "position_leaf", "position_group", "school")
    subject = Subject.model_validate({**{name: chosen[name] for name in names}, "visit": chosen["season"], "visits": visits})
    return _Visit(subject, {name: None if chosen[name] is None else float(str(chosen[name])) for name in DRILLS})


def _classes(subject: Subject, pool: PoolParameters) -> Classes:
    last = pool.season_max
    if pool.earlier_only and subject.visit is not None:
        last = subject.visit - 1 if last is None else min(last, subject.visit - 1)
    return Classes(season_min=pool.season_min, season_max=last)


def _too_few(visit: _Visit) -> str | None:
    """Return why a visit has neither a score nor comparables."""
    if visit.subject.visit is None:
        return _NEVER
    if visit.metrics < FEWEST_SHARED:
        return f"{visit.metrics} of {len(DRILLS)} measurements; at least {FEWEST_SHARED} are needed"
    return None


async def _measured(context: ServiceContext, visit: _Visit, pool: PoolParameters) -> list[Measured]:
    if visit.subject.visit is None:
        return [Measured(drill=drill, value=None, percentile=None, n=0, scope=None, note=_NEVER) for drill in DRILLS]
    rows = await context.database.fetch(PERCENTILES, {**visit.bound(pool), **visit.values})
    found = {row["drill"]: dict(row) for row in rows}
    return [_place(drill, found.get(drill), visit.subject) for drill in DRILLS]


def _place(drill: str, row: Mapping[str, float] | None, subject: Subject) -> Measured:
    """Compare with the role, or with the position group if fewer than 20 of the role were measured."""
    if row is None:
        return Measured(drill=drill, value=None, percentile=None, n=0, scope=None, note="not measured")
    value, of_leaf, of_group = row["value"], int(row["leaf_total"]), int(row["group_total"])
    note = widened(of_leaf, subject.position_leaf, subject.position_group)
    if note is None:
        return Measured(drill=drill, value=value, percentile=row["leaf"], n=of_leaf, scope=subject.position_leaf, note=None)
    if of_group == 0:
        note = f"no entry of the group {subject.position_group} in these classes has this measurement"
    return Measured(drill=drill, value=value, percentile=row["group"], n=of_group, scope=subject.position_group, note=note)


async def _score(context: ServiceContext, visit: _Visit, pool: PoolParameters, ranked: bool) -> Score:
    """Return the score of a visit; ``ranked`` is true while the read model may be read, which has those among all classes."""
    scope = visit.subject.position_leaf
    if (note := _too_few(visit)) is not None:
        return Score(score=None, mean=None, metrics=visit.metrics, n=0, scope=scope, note=note)
    every_class = _classes(visit.subject, pool) == Classes(season_min=None, season_max=None)
    row = await context.database.fetch_row(STORED_SCORE if ranked and every_class else ATHLETIC_SCORE, visit.bound(pool))
    score, mean, n = (row["score"], row["mean"], row["total"]) if row else (None, None, 0)
    if score is None:
        note = f"Too few entries of {scope} in these classes have the same measurements."
    return Score(score=score, mean=mean, metrics=visit.metrics, n=n, scope=scope, note=note)


async def _selections(context: ServiceContext, statement: Statement, model: type[S], person_ids: Iterable[int]) -> dict[int, list[S]]:
    """Return the draft selections of each person."""
    selections: dict[int, list[S]] = {person_id: [] for person_id in person_ids}
    if selections:
        for row in await context.database.fetch(statement, {"person_ids": list(selections)}):
            selections[row["person_id"]].append(model.model_validate(dict(row)))
    return selections
