"""Rows as of a load: those that it or an earlier one wrote and no later one changed, and those that a later one changed or removed.

``as_of=`` takes the number of a load or a day; :func:`load_as_of` turns it into the load that decides.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache

from sqlalchemy import (
    BigInteger,
    DateTime,
    FromClause,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.context import ServiceContext
from app.datasets import DATASETS
from app.datasets.model import Dataset
from app.db.history_models import PastRow
from app.db.models import LoadedDataset, LoadRun, facts
from app.db.statements import Query, compile_statement
from app.errors import InvalidParameter
from app.listing.model import Listing
from app.listing.parameters import moment

AS_OF = "as_of"
_AS_OF = bindparam(AS_OF, type_=BigInteger)


def past_rows(dataset: Dataset) -> tuple[FromClause, FromClause]:
    """Return ``past_row`` joined with its content in the columns of the data set, and the latter alone."""
    table = facts[dataset.name]
    columns = [column(each.name, each.type) for each in table.c]
    record = func.jsonb_populate_record(literal_column(f"null::{table.name}"), PastRow.content).table_valued(*columns, name="record")
    return PastRow.__table__.join(record, PastRow.dataset == literal_column(f"'{dataset.name}'", Text)), record


@cache
def rows_as_of(name: str) -> FromClause:
    """Return the rows of a data set as of the load ``as_of``, with the columns of its table.

    A statement that names them more than once, for its rows and their number, has PostgreSQL collect them once: half of the time.
    """
    table = facts[name]
    past, record = past_rows(DATASETS[name])
    ended = select(*(PastRow.from_run_id.label(each) if each == "run_id" else record.c[each] for each in (c.name for c in table.c)))
    ended = ended.select_from(past).where(PastRow.from_run_id <= _AS_OF, PastRow.until_run_id > _AS_OF)
    return union_all(select(table).where(table.c.run_id <= _AS_OF), ended).cte(f"{table.name}_as_of")


@cache
def listing_as_of(listing: Listing) -> Listing:
    """Return the list of a data set with its rows as of a load, which is bound as the filter ``as_of``."""
    filters = {**listing.filters, **listing.filters_as_of, AS_OF: lambda _: true()}
    table = rows_as_of(listing.name) if listing.table_as_of is None else listing.table_as_of
    source = listing.source_as_of or listing.source
    return replace(listing, name=f"{listing.name}-as-of", table=table, plain=None, source=source, filters=filters)


def datasets_read(dataset: Dataset, listing: Listing, used: Collection[str]) -> tuple[str, ...]:
    """Return the data sets whose past must be known: those of the rows, and those that the filters and groups ``used`` read.

    A group that reads another data set has the name of the filter that does.
    """
    others = listing.filtered_by if any(name in listing.filters_as_of for name in used) else ()
    return dataset.made_of or (dataset.name, *others)


def _known() -> Query:
    """Select the earliest load whose rows can be read, whether the load exists, and the last one before a time.

    Where nothing is known of a data set before a load although earlier ones had rows, the past of all begins there. A data set that came
    later than the others has no rows before.
    """
    first = case((LoadedDataset.traced_run_id == LoadedDataset.run_id, LoadedDataset.first_run_id), else_=LoadedDataset.run_id)
    names = bindparam("datasets", type_=ARRAY(Text))
    earlier = exists().where(LoadRun.dataset == LoadedDataset.dataset, LoadRun.state == "loaded", LoadRun.run_id < first)
    begins = (
        select(first.label("first"), earlier.label("earlier"))
        .where(LoadedDataset.dataset == func.any(names), LoadedDataset.row_count > 0)
        .subquery("begins")
    )
    earliest = select(func.greatest(func.min(begins.c.first), func.max(begins.c.first).filter(begins.c.earlier))).scalar_subquery()
    until = bindparam("until", type_=DateTime(timezone=True))
    return select(
        earliest.label("first"),
        select(LoadRun.finished_at).where(LoadRun.run_id == earliest).scalar_subquery().label("since"),
        exists().where(LoadRun.run_id == bindparam("load", type_=BigInteger)).label("there"),
        select(func.max(LoadRun.run_id)).where(LoadRun.finished_at < until).scalar_subquery().label("last"),
    )


_KNOWN = compile_statement(_known())


async def load_as_of(context: ServiceContext, names: Collection[str], text: str) -> int:
    """Return the load that ``as_of`` means, whose rows of these data sets can be read; of a day, the last load that had ended by its end.

    Raises:
        InvalidParameter: the load does not exist, the day is in the future, or the past is not known.
    """
    wanted = moment(text)
    if not isinstance(wanted, int) and wanted > datetime.now(UTC).date():
        raise InvalidParameter(AS_OF, f"{text} is in the future.", text)
    load, until = (wanted, None) if isinstance(wanted, int) else (None, datetime.combine(wanted, time(tzinfo=UTC)) + timedelta(days=1))
    row = await context.database.fetch_row(_KNOWN, {"datasets": list(names), "load": load, "until": until})
    *first, last = (DATASETS[name].title for name in names)
    what = f"{', '.join(first)} and {last}" if first else last
    if row is None or row["first"] is None:
        raise InvalidParameter(AS_OF, f"No {what} have been loaded yet.", text)
    if load is not None and not row["there"]:
        raise InvalidParameter(AS_OF, f"There is no load {load}; /api/v1/etl/runs lists them.", text)
    found = load if load is not None else row["last"]
    if found is None or found < row["first"]:
        since = f" of {row['since']:%Y-%m-%d}" if row["since"] else ""
        raise InvalidParameter(AS_OF, f"The {what} are known as of load {row['first']}{since} and later, not as of {text}.", text)
    return int(found)
