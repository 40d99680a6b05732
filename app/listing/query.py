"""One request for a list, checked and resolved: what a service returns, and what API, command line and pages render."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.context import ServiceContext
from app.context.dataset_state import DatasetVersion
from app.datasets.model import Dataset
from app.listing.derived import resolve_filters
from app.listing.model import Listing
from app.listing.page import Page, parse_list_request, read_page
from app.listing.parameters import Format, ListParameters, PageParameters, PastParameters
from app.listing.past import AS_OF, datasets_read, listing_as_of, load_as_of
from app.listing.resolve import plain
from app.listing.stream import StreamedRows, whole_set


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
        return await read_page(self.context, self.listing, self.parameters, self.filters, self.version)

    def stream(self, form: Format, *, escape_formulas: bool) -> StreamedRows:
        """Return the response that streams every row; a whole set has other default fields than a page.

        Raises:
            InvalidParameter: unknown field or unknown sort.
        """
        request = parse_list_request(self.listing, self.parameters, self.filters, whole=True)
        return whole_set(self.context.database, self.listing, request, form, self.version, escape_formulas=escape_formulas)


async def query_list(context: ServiceContext, dataset: Dataset, listing: Listing, parameters: ListParameters) -> ListQuery:
    """Return the query for rows of a data set, for every caller: API, pages and command line."""
    version = await context.version()
    filters = resolve_filters(dataset, parameters, await context.references(version))
    if isinstance(parameters, PastParameters) and parameters.as_of is not None:
        filters[AS_OF] = await load_as_of(context, datasets_read(dataset, listing, filters), parameters.as_of)
        listing = listing_as_of(listing)
    return ListQuery(context, listing, parameters, filters, version)


def plain_list(listing: Listing) -> Callable[[ServiceContext, PageParameters], Awaitable[ListQuery]]:
    """Return the service function of a list whose filters are bound as they are given. It raises DatabaseUnavailable."""

    async def query(context: ServiceContext, parameters: PageParameters) -> ListQuery:
        return ListQuery(context, listing, parameters, plain(parameters, listing.filters), await context.version())

    return query
