"""What the start page reads: the loads, and what they have loaded."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.models import LoadedDataset, LoadRun, SeasonCount
from app.db.statements import compile_statement

LOADED_DATASETS = compile_statement(
    select(
        LoadedDataset.dataset,
        LoadedDataset.row_count,
        LoadedDataset.synthetic,
        LoadedDataset.updated_at,
        func.min(SeasonCount.season).label("first_season"),
        func.max(SeasonCount.season).label("last_season"),
    )
    .outerjoin_from(LoadedDataset, SeasonCount, SeasonCount.dataset == LoadedDataset.dataset)
    .where(LoadedDataset.row_count > 0)
    .group_by(LoadedDataset.dataset, LoadedDataset.row_count, LoadedDataset.synthetic, LoadedDataset.updated_at)
)

#: The latest load of each dataset.
LATEST_RUNS = compile_statement(
    select(
        LoadRun.dataset,
        LoadRun.state,
        LoadRun.step,
        LoadRun.rows_read,
        LoadRun.error,
        LoadRun.started_at,
        LoadRun.finished_at,
        LoadRun.next_attempt_at,
    )
    .ext(distinct_on(LoadRun.dataset))
    .order_by(LoadRun.dataset.desc(), LoadRun.run_id.desc())
)
