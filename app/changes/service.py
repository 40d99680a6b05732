"""Changes for every caller."""

from datetime import UTC, date, datetime, time

from app.changes.queries import AFTER_LOAD, FROM_DAY, LATEST, LISTING
from app.changes.schemas import ChangeParameters
from app.context import ServiceContext
from app.datasets import DATASETS
from app.errors import InvalidParameter
from app.errors.wording import did_you_mean
from app.listing.cursor import encode_cursor
from app.listing.model import Row
from app.listing.parameters import moment
from app.listing.parsing import SortKey
from app.listing.query import ListQuery, plain

EVENTS_AT_ONCE = 500


async def list_changes(context: ServiceContext, parameters: ChangeParameters) -> ListQuery:
    """Return the query for changes, the latest first.

    Raises:
        InvalidParameter: no such field.
    """
    known = {field.name for name in parameters.dataset or DATASETS for field in DATASETS[name].stored}
    if (unknown := next((field for field in parameters.field or () if field not in known), None)) is not None:
        named = parameters.dataset or ()
        which = f"The {DATASETS[named[0]].title}" if len(named) == 1 else "These data sets"
        where = f"{which} have no" if named else "No data set has a"
        hint = did_you_mean(unknown, known)
        message = f"{where} field {unknown!r}. {hint}/api/v1/quality/completeness lists the fields."
        raise InvalidParameter("field", message, unknown)
    filters = plain(parameters, LISTING.filters.keys() - {AFTER_LOAD, FROM_DAY})
    since = moment(parameters.since) if parameters.since is not None else None
    if isinstance(since, date):
        filters[FROM_DAY] = datetime.combine(since, time(tzinfo=UTC))
    elif since is not None:
        filters[AFTER_LOAD] = since
    return ListQuery(context, LISTING, parameters, filters, await context.version())


async def latest_event(context: ServiceContext) -> int:
    """Return the number of the latest change, 0 without any."""
    row = await context.database.fetch_row(LATEST)
    return 0 if row is None else int(row["event_id"])


async def events_after(context: ServiceContext, parameters: ChangeParameters, event_id: int) -> list[Row]:
    """Return the changes after this one that match the filters, the earliest first; at most a page of them. Each has its ``event_id``.

    Raises:
        InvalidParameter: unknown field.
    """
    fields = parameters.fields
    if fields is not None and fields.strip() != "*":
        fields = f"{fields},event_id"
    place = encode_cursor((SortKey("event_id"),), [event_id])
    page = parameters.model_copy(update={"sort": "event_id", "cursor": place, "limit": EVENTS_AT_ONCE, "fields": fields})
    return (await (await list_changes(context, page)).page()).items
