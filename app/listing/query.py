"""One request for a list, checked and resolved: what a service returns, and what API, command line and pages render."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
from pydantic import BaseModel

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.datasets.model import Dataset
from app.listing.cursor import decode_cursor, encode_cursor
from app.listing.derived import resolve_filters
from app.listing.model import Kind, Listing, Row
from app.listing.parameters import Format, ListParameters, PageParameters, PastParameters
from app.listing.parsing import parse_fields, parse_sort
from app.listing.past import AS_OF, datasets_read, listing_as_of, load_as_of
from app.listing.select import TOTAL, Shape, count_statement, csv_statement, json_statement, page_statement
from app.listing.stream import StreamedRows


class Page(msgspec.Struct, frozen=True):
    """One page of a list. ``next`` is the cursor of the following page, ``None`` on the last one."""

    items: list[Row]
    total: int
    next: str | None
    dataset_version: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Rows of ``listing`` that pass ``filters`` (values to bind, by filter), as of ``version`` of the data."""

    context: ServiceContext
    listing: Listing
    parameters: PageParameters
    filters: Mapping[str, object]
    version: DatasetVersion

    async def page(self) -> Page:
        """Read one page.

        Raises:
            InvalidParameter: unknown field, unknown sort, or a cursor that does not belong here.
        """
        listing, limit, cursor = self.listing, self.parameters.limit, self.parameters.cursor
        shape = self._shape(listing.default_fields)
        values: dict[str, object] = {**self.filters, "limit": limit + 1}
        if cursor is not None:
            place = decode_cursor(cursor, shape.sort, [listing.fields[key.name].kind for key in shape.sort])
            shape = shape._replace(after=tuple(value is None for value in place))
            values |= {f"after_{i}": value for i, value in enumerate(place)}
        records = await self.context.database.fetch(page_statement(listing, shape), values)
        if records:
            total = records[0][TOTAL]
        elif cursor is None:
            total = 0
        else:  # behind the end of the list no row carries the total
            counted = await self.context.database.fetch(count_statement(listing, shape.filters), self.filters)
            total = counted[0][TOTAL]
        more = len(records) > limit
        shown = records[:limit] if more else records
        # a record goes on with its sort keys and the total, which zip leaves out
        items: list[Row] = [dict(zip(shape.fields, record, strict=False)) for record in shown]
        following = encode_cursor(shape.sort, [shown[-1][key.name] for key in shape.sort]) if more else None
        return Page(items, total, following, self.version.tag, self.version.synthetic)

    def stream(self, form: Format, *, escape_formulas: bool) -> StreamedRows:
        """Return the response that streams every row; a whole set has other default fields than a page.

        Raises:
            InvalidParameter: unknown field or unknown sort.
        """
        shape = self._shape(self.listing.export_fields)
        statement = csv_statement(self.listing, shape, escape_formulas) if form == "csv" else json_statement(self.listing, shape)
        return StreamedRows(self.context.database, statement, self.filters, form, self.version.file_name(f"{self.listing.name}.{form}"))

    def _shape(self, default_fields: tuple[str, ...]) -> Shape:
        """Check ``fields`` and ``sort``."""
        listing, parameters = self.listing, self.parameters
        sortable = [name for name, info in listing.fields.items() if info.kind is not Kind.TIMESTAMP]
        return Shape(
            fields=parse_fields(parameters.fields, tuple(listing.fields), default_fields),
            filters=frozenset(self.filters),
            sort=parse_sort(parameters.sort, sortable, listing.tie_break, listing.default_sort),
        )


async def query_list(context: ServiceContext, dataset: Dataset, listing: Listing, parameters: ListParameters) -> ListQuery:
    """Return the query for rows of a data set, for every caller: API, pages and command line.

    Raises:
        InvalidParameter: naming the parameter that is wrong.
        DatabaseUnavailable: the database did not respond.
    """
    version = await context.version()
    filters = resolve_filters(dataset, parameters, await context.references(version)) | plain(parameters, listing.computed)
    if isinstance(parameters, PastParameters) and parameters.as_of is not None:
        filters[AS_OF] = await load_as_of(context, datasets_read(dataset, listing, filters), parameters.as_of)
        listing = listing_as_of(listing)
    return ListQuery(context, listing, parameters, filters, version)


def plain_list(listing: Listing) -> Callable[[ServiceContext, PageParameters], Awaitable[ListQuery]]:
    """Return the service function of a list whose filters are bound as they are given. It raises DatabaseUnavailable."""

    async def query(context: ServiceContext, parameters: PageParameters) -> ListQuery:
        return ListQuery(context, listing, parameters, plain(parameters, listing.filters), await context.version())

    return query


def plain(parameters: BaseModel, names: Iterable[str]) -> dict[str, object]:
    """Return the given parameters that are bound unchanged."""
    return {name: value for name in names if (value := getattr(parameters, name)) is not None}
