"""Taking a load back: the rows of its data set as of the load before it are loaded in place of a file.

So everything that holds for a load holds for this one: one transaction, people, change events, past rows, exports, the ledger. The file
that was taken back stays on record as the one that was loaded last, so that the schedule does not load it again.
"""

from dataclasses import dataclass
from functools import lru_cache

import asyncpg
from sqlalchemy import select

from app.datasets import DATASETS
from app.datasets.model import Dataset
from app.db.connect import connect
from app.db.statements import Statement, compile_statement
from app.listing.past import AS_OF, rows_as_of
from pipeline.errors import Refused
from pipeline.extraction import Extracted
from pipeline.schema import polars_type
from pipeline.steps.copying import fetch_frame
from pipeline.steps.refresh import DatasetState


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking a load back would do to its data set: which loads it undoes, and the rows that come back, change and go."""

    dataset: str
    to_run: int
    undone: tuple[int, ...]
    restored: int
    changed: int
    removed: int


async def plan_rollback(dsn: str, run_id: int) -> Plan:
    """Return what taking this load back would do.

    Raises:
        Refused: the load cannot be taken back; the message says why.
    """
    connection = await connect(dsn, timeout=10)
    try:
        return await _plan(connection, run_id)
    finally:
        await connection.close()


async def _plan(connection: asyncpg.Connection, run_id: int) -> Plan:
    run = await connection.fetchrow("select dataset, state from load_run where run_id = $1", run_id)
    if run is None:
        raise Refused(f"There is no load {run_id}.", "`dq etl runs` lists them.")
    dataset = DATASETS[run["dataset"]]
    if run["state"] != "loaded":
        raise Refused(
            f"Load {run_id} of the {dataset.title} changed nothing; its state is {run['state']}.", "`dq etl runs` lists the others."
        )
    await _refuse_without_past(connection, dataset, run_id)
    undone = await connection.fetch(
        "select run_id from load_run where dataset = $1 and state = 'loaded' and run_id >= $2 order by run_id", dataset.name, run_id
    )
    [counts] = await connection.fetch(
        "select count(*) filter (where n.key is null) as restored, count(*) filter (where n.key = p.key) as changed,"
        " count(*) filter (where p.key is null) as removed"
        " from (select key from past_row where dataset = $1 and from_run_id < $2 and until_run_id >= $2) p"
        f" full join (select concat_ws('/', {', '.join(dataset.key)}) as key from {dataset.table} where run_id >= $2) n using (key)",
        dataset.name,
        run_id,
    )
    return Plan(dataset.name, run_id - 1, tuple(row["run_id"] for row in undone), **dict(counts))


async def _refuse_without_past(connection: asyncpg.Connection, dataset: Dataset, run_id: int) -> None:
    """Refuse to go back to before the first load whose rows are on record. Raises ``Refused``."""
    [(first, is_first_of_all)] = await connection.fetch(
        "select first, not exists (select from load_run r where (r.dataset, r.state) = ($1, 'loaded') and r.run_id < first)"
        " from (select max(case when traced_run_id = run_id then first_run_id else run_id end) as first from dataset where dataset = $1) d",
        dataset.name,
    )
    if first is not None and run_id > first:
        return
    message = f"Before load {run_id}, no rows of the {dataset.title} are on record."
    if first is None or is_first_of_all:
        raise Refused(message, "It was the first one.")
    raise Refused(
        f"{message} Load {first} put other data in the place of all earlier rows, and did not keep them.",
        "To have them back, load their files again with dq etl run.",
    )


@lru_cache
def _source_columns(name: str) -> Statement:
    rows = rows_as_of(name)
    return compile_statement(select(*(rows.c[column] for column in DATASETS[name].field_names)))


async def read_past(connection: asyncpg.Connection, dataset: Dataset, to_run: int, before: DatasetState) -> Extracted:
    """Return the rows as of a load, as if a file had them."""
    statement = _source_columns(dataset.name)
    schema = {field.name: polars_type(field) for field in dataset.fields}
    rows = await fetch_frame(connection, statement.sql, schema, *statement.arguments({AS_OF: to_run}))
    location = f"rows as of load {to_run}"
    return Extracted(location, "past", before.checksum, None, synthetic=before.synthetic, file=None, rows=rows)
