"""People for every caller: API, pages and command line."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel

from app.context import ServiceContext
from app.errors import NotFound
from app.listing.filters import exact_key, search_patterns
from app.listing.model import Row
from app.listing.past import AS_OF, load_as_of
from app.listing.query import ListQuery, Page, plain
from app.people.misspelt import near_names
from app.people.queries import DETAIL, DETAIL_AS_OF, FIELDS, LISTING, LISTS, RECORDS, SELECTIONS, SELECTIONS_OF, SUCCESSOR
from app.people.schemas import (
    FEWEST_FOR_A_LEAF,
    TIMES,
    CombineEntry,
    Drill,
    PeopleParameters,
    PersonDetail,
    Place,
)


class _DrillRow(BaseModel):
    """A measurement with its places among the leaf position and among the group."""

    season: int
    drill: str
    value: float
    leaf_lower: int | None
    leaf_equal: int | None
    leaf_total: int | None
    group_lower: int | None
    group_equal: int | None
    group_total: int | None


class PageWithSuggestions(Page, frozen=True):
    """A page without people, with the names that may be meant."""

    suggestions: list[str]


@dataclass(frozen=True, slots=True)
class PeopleQuery(ListQuery):
    """People, each with ``selections`` unless ``fields`` leaves them out."""

    async def page(self) -> Page:
        """Read one page, and then the selections of its people; if no name matches, the names that may be meant."""
        columns, with_selections, keep_id = _without_selections(self.parameters.fields)
        of_people = self.parameters.model_copy(update={"fields": columns})
        page = await ListQuery(self.context, self.listing, of_people, self.filters, self.version).page()
        if with_selections:
            await _add_selections(self.context, page.items, keep_id=keep_id)
        parameters = self.parameters
        if isinstance(parameters, PeopleParameters) and parameters.q and not page.total and self.filters.keys() == {"q"}:
            return PageWithSuggestions(**msgspec.structs.asdict(page), suggestions=await near_names(self.context, parameters.q))
        return page


async def search(context: ServiceContext, parameters: PeopleParameters) -> PeopleQuery:
    """Return the query for people.

    Raises:
        InvalidParameter: a code or name that means nothing.
    """
    version = await context.version()
    references = await context.references(version)
    resolvers: dict[str, Callable[[Any], object]] = {
        "college": lambda texts: [references.college_of(text).college_id for text in texts],
        "position": references.position_codes,
        "group": lambda groups: [code for group in groups for code in references.group_codes(group)],
        "q": search_patterns,
        "name": exact_key,
    }
    filters = plain(parameters, LISTING.filters)
    filters |= {name: resolve(filters[name]) for name, resolve in resolvers.items() if name in filters}
    return PeopleQuery(context, LISTING, parameters, filters, version)


def _without_selections(fields: str | None) -> tuple[str | None, bool, bool]:
    """Return the fields for the list's statement, whether selections were requested, and whether the id they need was requested too."""
    names = None if fields is None else [name.strip() for name in fields.split(",")]
    if names is None or names == ["*"]:
        return fields, True, True
    if SELECTIONS not in names:
        return fields, False, True
    columns = [name for name in names if name != SELECTIONS]
    keep_id = "person_id" in columns
    return ",".join(columns if keep_id else [*columns, "person_id"]), True, keep_id


async def _add_selections(context: ServiceContext, people: list[Row], *, keep_id: bool) -> None:
    selections: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
    if people:
        for row in await context.database.fetch(SELECTIONS_OF, {"person_ids": [each["person_id"] for each in people]}):
            selection = dict(row)
            selections[selection.pop("person_id")].append(selection)
    for each in people:
        person_id = each["person_id"] if keep_id else each.pop("person_id")
        each[SELECTIONS] = selections[person_id]  # type: ignore[assignment, index]


async def successor_of(context: ServiceContext, former_id: int) -> int | None:
    """Return the id of the person who has the records of a former id now."""
    row = await context.database.fetch_row(SUCCESSOR, {"person_id": former_id})
    return None if row is None else int(row["successor_id"])


async def detail(context: ServiceContext, person_id: int, as_of: str | None = None) -> PersonDetail:
    """Return everything about one person; a former id leads to the person who has its records now.

    With ``as_of``, the records are those as of a load or a day.

    Raises:
        InvalidParameter: the records as of then are not known.
        NotFound: the id does not exist.
    """
    version = await context.version()
    statement, values = (DETAIL, {}) if as_of is None else (DETAIL_AS_OF, {AS_OF: await load_as_of(context, RECORDS, as_of)})
    row = await context.database.fetch_row(statement, {"person_id": person_id, **values})
    if row is None and (successor := await successor_of(context, person_id)):
        row = await context.database.fetch_row(statement, {"person_id": successor, **values})
    if row is None:
        raise NotFound(f"No person has the ID {person_id}.")
    lists = {name: msgspec.json.decode(row[name]) for name in LISTS}
    drills = [_DrillRow(**each) for each in lists.pop("drills")]
    lists["combine"] = [_with_drills(CombineEntry(**each), drills, placed=as_of is None) for each in lists["combine"]]
    lists["former_ids"] = [each["former_id"] for each in lists["former_ids"]]
    return PersonDetail(**{name: row[name] for name in FIELDS}, **lists, dataset_version=version.tag)


def _with_drills(entry: CombineEntry, rows: Iterable[_DrillRow], *, placed: bool) -> CombineEntry:
    """Add the drills of a visit, in their usual order; ``placed``: each with its place among all of today."""
    drills = [
        Drill(drill=row.drill, value=row.value, place=place_of(row, entry) if placed else None)
        for row in rows
        if row.season == entry.season
    ]
    return entry.model_copy(update={"drills": drills})


def widened(of_leaf: int, leaf: str | None, group: str | None) -> str | None:
    """Return the note that the position group is compared because the leaf has too few values, None if it has enough."""
    return None if of_leaf >= FEWEST_FOR_A_LEAF else f"only {of_leaf} values for {leaf}: compared with the group {group}"


def place_of(row: _DrillRow, entry: CombineEntry) -> Place | None:
    """Return the percentile among the leaf position, or among the group if the leaf has too few values."""
    of_leaf = row.leaf_total or 0
    note = widened(of_leaf, entry.position_leaf, entry.position_group)
    if note is None:
        percentile = _percentile(row.drill, row.leaf_lower, row.leaf_equal, of_leaf)
        return Place(percentile=percentile, total=of_leaf, scope="leaf", position=entry.position_leaf or "")
    if row.group_total is None:
        return None
    percentile = _percentile(row.drill, row.group_lower, row.group_equal, row.group_total)
    return Place(percentile=percentile, total=row.group_total, scope="group", position=entry.position_group or "", note=note)


def _percentile(drill: str, lower: int | None, equal: int | None, total: int) -> float:
    share = 100 * ((lower or 0) + (equal or 0) / 2) / total
    return round(100 - share if drill in TIMES else share, 2)
