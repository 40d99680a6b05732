"""Runs a list: one page as rows with a cursor, or the whole set as a stream of bytes."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.listing.cursor import decode_cursor, encode_cursor
from app.listing.model import Kind, Listing, Row
from app.listing.parameters import PageParameters
from app.listing.parsing import SortKey, parse_fields, parse_sort
from app.listing.select import TOTAL, Shape, count_statement, page_statement


class Page(msgspec.Struct, frozen=True):
    """One page of a list. ``next`` is the cursor of the following page, ``None`` on the last one."""

    items: list[Row]
    total: int
    next: str | None
    dataset_version: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A request, understood: every name known, every filter resolved to values that the statement binds."""

    fields: tuple[str, ...]
    sort: tuple[SortKey, ...]
    filters: Mapping[str, object]


def parse_list_request(listing: Listing, parameters: PageParameters, filters: Mapping[str, object], *, whole: bool = False) -> ListRequest:
    """Check ``fields`` and ``sort``; a whole set has other default fields than a page."""
    sortable = [name for name, info in listing.fields.items() if info.kind is not Kind.TIMESTAMP]
    return ListRequest(
        fields=parse_fields(parameters.fields, tuple(listing.fields), listing.export_fields if whole else listing.default_fields),
        sort=parse_sort(parameters.sort, sortable, listing.tie_break, listing.default_sort),
        filters=filters,
    )


async def read_page(
    context: ServiceContext, listing: Listing, parameters: PageParameters, filters: Mapping[str, object], version: DatasetVersion
) -> Page:
    """Read one page of the filtered, sorted list.

    Raises:
        InvalidParameter: unknown field, unknown sort, or a cursor that does not belong here.
    """
    request = parse_list_request(listing, parameters, filters)
    values: dict[str, object] = {**filters, "limit": parameters.limit + 1}
    after = None
    if parameters.cursor is not None:
        kinds = [listing.fields[key.name].kind for key in request.sort]
        place = decode_cursor(parameters.cursor, request.sort, kinds)
        after = tuple(value is None for value in place)
        values |= {f"after_{i}": value for i, value in enumerate(place)}
    shape = Shape(request.fields, frozenset(filters), request.sort, after)
    records = await context.database.fetch(page_statement(listing, shape), values)
    if records:
        total = records[0][TOTAL]
    elif after is None:
        total = 0
    else:  # behind the end of the list no row carries the total
        counted = await context.database.fetch(count_statement(listing, frozenset(filters)), filters)
        total = counted[0][TOTAL]
    more = len(records) > parameters.limit
    shown = records[: parameters.limit] if more else records
    # a record goes on with its sort keys and the total, which zip leaves out
    items: list[Row] = [dict(zip(request.fields, record, strict=False)) for record in shown]
    following = encode_cursor(request.sort, [shown[-1][key.name] for key in request.sort]) if more else None
    return Page(items, total, following, version.tag, version.synthetic)
