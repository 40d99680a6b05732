"""People for every caller: API, pages and command line."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from app.listing.page import Page, read_page
from app.listing.resolve import plain, resolved
from app.people.queries import DETAIL, FIELDS, ID_TYPES, LISTING, SELECTIONS, SELECTIONS_OF
from app.people.schemas import (
    FEWEST_FOR_A_LEAF,
    TIMES,
    Alias,
    CombineEntry,
    Conflict,
    Drill,
    ExternalId,
    PeopleParameters,
    PersonDetail,
    Place,
)
from app.request_errors import NotFound

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.listing.model import Row

_PLAIN = ("season", *(f"{id_type}_id" for id_type in ID_TYPES))
_RESOLVED = ("college", "position", "group", "q", "name")


class _DrillRow(msgspec.Struct):
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


_ALIASES = msgspec.json.Decoder(list[Alias])
_EXTERNAL_IDS = msgspec.json.Decoder(list[ExternalId])
_ROWS = msgspec.json.Decoder(list[dict[str, str | int | float | bool | None]])
_ENTRIES = msgspec.json.Decoder(list[CombineEntry])
_DRILLS = msgspec.json.Decoder(list[_DrillRow])
_CONFLICTS = msgspec.json.Decoder(list[Conflict])


async def search(context: ServiceContext, parameters: PeopleParameters) -> Page:
    """One page of people; every item has ``selections`` unless ``fields`` leaves them out.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    filters = plain(parameters, _PLAIN) | resolved(parameters, _RESOLVED, await context.references(version))
    columns, with_selections, keep_id = _without_selections(parameters.fields)
    page = await read_page(context, LISTING, parameters.model_copy(update={"fields": columns}), filters, version)
    if with_selections:
        await _add_selections(context, page.items, keep_id=keep_id)
    return page


def _without_selections(fields: str | None) -> tuple[str | None, bool, bool]:
    """The fields that the list's statement has, whether selections were asked for, and the id that they need was too."""
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


async def detail(context: ServiceContext, person_id: int) -> PersonDetail:
    """Everything about one person.

    Raises:
        NotFound: nobody has this id.
        DatabaseUnavailable: the database did not answer.
    """
    version = await context.version()
    row = await context.database.fetch_row(DETAIL, {"person_id": person_id})
    if row is None:
        raise NotFound(f"No person has the ID {person_id}.")
    return PersonDetail(
        **{name: row[name] for name in FIELDS},
        aliases=_ALIASES.decode(row["aliases"]),
        external_ids=_EXTERNAL_IDS.decode(row["external_ids"]),
        selections=_ROWS.decode(row["selections"]),
        combine=_entries(row["combine"], row["drills"]),
        conflicts=_CONFLICTS.decode(row["conflicts"]),
        dataset_version=version.tag,
    )


def _entries(entries: str, drills: str) -> list[CombineEntry]:
    """Entries with their drills, in the order in which people list them."""
    decoded = _ENTRIES.decode(entries)
    rows = _DRILLS.decode(drills) if decoded else []
    return [
        msgspec.structs.replace(
            entry, drills=[Drill(row.drill, row.value, place_of(row, entry)) for row in rows if row.season == entry.season]
        )
        for entry in decoded
    ]


def place_of(row: _DrillRow, entry: CombineEntry) -> Place | None:
    """The percentile among the leaf position, or among the group when the leaf has too few values."""
    if row.leaf_total is not None and row.leaf_total >= FEWEST_FOR_A_LEAF:
        return Place(
            _percentile(row.drill, row.leaf_lower, row.leaf_equal, row.leaf_total), row.leaf_total, "leaf", entry.position_leaf or ""
        )
    if row.group_total is None:
        return None
    note = f"only {row.leaf_total or 0} values for {entry.position_leaf}: compared with the group {entry.position_group}"
    percentile = _percentile(row.drill, row.group_lower, row.group_equal, row.group_total)
    return Place(percentile, row.group_total, "group", entry.position_group or "", note)


def _percentile(drill: str, lower: int | None, equal: int | None, total: int) -> float:
    share = 100 * ((lower or 0) + (equal or 0) / 2) / total
    return round(100 - share if drill in TIMES else share, 2)
