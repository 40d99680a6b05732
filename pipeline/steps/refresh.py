"""Refresh the read side: counts for the gates and the completeness report, the data set's version."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
import polars as pl

from app.datasets import DATASETS, LEAGUE
from app.datasets.model import Dataset
from app.datasets.read_models import READ_MODELS, ReadModel
from pipeline.steps.copying import copy_frame

#: True when all data sets that a read model is made of are loaded and large enough, and at least one of them since it was filled by
#: this definition.
_OUTDATED = """
    select count(*) = cardinality($2::text[]) and count(m.model) < count(*) and sum(d.row_count) >= $4
    from dataset d left join read_model m
      on m.model = $1 and m.definition = $3 and (m.dataset, m.version, m.updated_at) = (d.dataset, d.version, d.updated_at)
    where d.dataset = any($2) and d.row_count > 0
"""


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What the database knows of a data set before a load; ``version`` is 0 when it was never loaded."""

    version: int
    row_count: int
    synthetic: bool
    checksum: str
    season_counts: dict[int, int]
    field_counts: dict[str, int]
    #: ``columns_checksum`` of the code that loaded it; None when that code did not record it.
    columns_checksum: str | None = None
    #: Whether a data set that it follows was read, or changed by a decision, since.
    outdated: bool = False
    #: Whether the load that decided its rows took back the file with this checksum.
    taken_back: bool = False


async def read_state(connection: asyncpg.Connection, dataset: str, follows: tuple[str, ...] = ()) -> DatasetState:
    """Read the state of a data set after its last successful load; ``follows`` are the data sets that decide what its rows mean."""
    row = await connection.fetchrow(
        "select d.version, d.row_count, d.synthetic, d.checksum, r.columns_checksum, coalesce(r.trigger = 'rollback', false) as taken_back,"
        " exists (select from dataset o where o.dataset = any($2) and (o.run_id > d.run_id or o.updated_at > r.finished_at)) as outdated"
        " from dataset d left join load_run r using (run_id) where d.dataset = $1",
        dataset,
        list(follows),
    )
    if row is None:
        return DatasetState(0, 0, synthetic=False, checksum="", season_counts={}, field_counts={})
    seasons = await connection.fetch("select season, row_count from season_count where dataset = $1", dataset)
    fields = await connection.fetch("select field, filled from field_count where dataset = $1", dataset)
    return DatasetState(
        row["version"],
        row["row_count"],
        row["synthetic"],
        row["checksum"],
        {r["season"]: r["row_count"] for r in seasons},
        {r["field"]: r["filled"] for r in fields},
        row["columns_checksum"],
        row["outdated"],
        row["taken_back"],
    )


def filled_counts(frame: pl.DataFrame, dataset: Dataset) -> dict[str, int]:
    """Count the rows with a value, per source column."""
    nulls = frame.select(dataset.field_names).null_count().row(0)
    return {name: len(frame) - missing for name, missing in zip(dataset.field_names, nulls, strict=True)}


async def write_counts(connection: asyncpg.Connection, seasons: pl.DataFrame | None, dataset: Dataset, filled: dict[str, int]) -> None:
    """Write the rows per season (season, row_count), if the data set has seasons, and the filled cells per field.

    The next load's gates and the completeness report need them.
    """
    name = pl.lit(dataset.name).alias("dataset")
    await connection.execute("delete from season_count where dataset = $1", dataset.name)
    if seasons is not None:
        await copy_frame(connection, "season_count", seasons.select(name, pl.col(str(dataset.season)).alias("season"), "row_count"))
    await connection.execute("delete from field_count where dataset = $1", dataset.name)
    fields = pl.DataFrame({"field": list(filled), "filled": list(filled.values())})
    await copy_frame(connection, "field_count", fields.select(name, "field", "filled"))


async def write_state(connection: asyncpg.Connection, dataset: Dataset, *, version: int, rows: int, synthetic: bool, checksum: str,
                      run_id: int) -> None:  # fmt: skip
    """Set the data set's version and notify the listeners on ``dataset_changed``; both take effect with the commit.

    ``updated_at`` is the time of the version, by which exports, read models and caches know its rows: an equal file that is read again does
    not change it.
    Its readable past begins with this load if it had no rows, and with the previous load if that one kept no past rows.
    """
    await connection.execute(
        "insert into dataset as d (dataset, version, row_count, synthetic, checksum, run_id, first_run_id, traced_run_id)"
        " values ($1, $2, $3, $4, $5, $6, $6, $6)"
        " on conflict (dataset) do update set (version, row_count, synthetic, checksum, run_id, updated_at, traced_run_id, first_run_id)"
        " = (excluded.version, excluded.row_count, excluded.synthetic, excluded.checksum, excluded.run_id,"
        " case when d.version = excluded.version then d.updated_at else now() end, excluded.run_id,"
        " case when d.row_count = 0 then excluded.run_id when d.traced_run_id = d.run_id then d.first_run_id else d.run_id end)",
        dataset.name,
        version,
        rows,
        synthetic,
        checksum,
        run_id,
    )
    await connection.execute("select pg_notify('dataset_changed', $1)", f"{dataset.name}:{version}")


async def refresh_read_models(connection: asyncpg.Connection) -> None:
    """Fill each read model again that is not made of the rows that are loaded; until then the API computes the same from these rows.

    So no request waits for it: none reads a model that is not current. It is not part of a load, because an earlier release, a decision
    about people or a load without a difference leaves it behind as well.
    """
    for model, known in READ_MODELS.items():
        if await connection.fetchval(_OUTDATED, model, known.made_of, known.definition, known.from_rows):
            await _fill(connection, model, known)


async def _fill(connection: asyncpg.Connection, model: str, known: ReadModel) -> None:
    # a load that changes nothing needs none of the API's packages
    from app.aggregates.stored import COUNTS, SUMS
    from app.athletics.scores import FILL as SCORES
    from app.prospects.queries import FILL as PROSPECTS
    from app.value.lists import FILL as STRENGTH

    statements = {"prospect_row": PROSPECTS, "value_count": COUNTS, "group_sum": SUMS, "entry_score": SCORES, "class_strength": STRENGTH}
    fill = statements[model]
    async with connection.transaction():
        try:
            # a table that was deleted from would keep its size
            async with connection.transaction():
                await connection.execute(f"lock table {model} in access exclusive mode nowait")
                await connection.execute(f"truncate {model}")
        except asyncpg.LockNotAvailableError:
            await connection.execute(f"delete from {model}")
        await connection.execute(fill.sql, *fill.arguments({}))
        await connection.execute("delete from read_model where model = $1", model)
        await connection.execute(
            "insert into read_model (model, dataset, version, updated_at, definition)"
            " select $1, dataset, version, updated_at, $3 from dataset where dataset = any($2)",
            model,
            known.made_of,
            known.definition,
        )
    await connection.execute(f"vacuum (analyze) {model}")  # makes room where rows were deleted, and plans need the statistics


async def remove_synthetic(connection: asyncpg.Connection) -> None:
    """Make room for real data: a database holds a made-up league or real people, never both.

    Made-up rows of other data sets go with the league.
    """
    made_up = {str(row["dataset"]) for row in await connection.fetch("select dataset from dataset where synthetic")}
    await remove_data_sets(connection, sorted({*LEAGUE, *made_up}))
    identity = ("identity_conflict", "identity_record", "identity_decision", "former_person")
    for table in (*identity, "external_id", "person_alias", "person", "drill_distribution", *READ_MODELS):
        await connection.execute(f"delete from {table}")
    # so real people have the same ids as in a new database; unlike setval, it is undone with the load
    await connection.execute("alter sequence person_id_seq restart")


async def remove_data_sets(connection: asyncpg.Connection, names: list[str]) -> None:
    """Delete all rows of these data sets.

    Versions go on counting, so that nothing cached of a synthetic league can be taken for real data.
    """
    for name in names:
        await connection.execute(f"delete from {DATASETS[name].table}")
    for table in ("change_event", "past_row", "season_count", "field_count"):
        await connection.execute(f"delete from {table} where dataset = any($1)", names)
    await connection.execute(
        "update dataset set version = version + 1, row_count = 0, synthetic = false, checksum = '' where dataset = any($1)", names
    )
