"""The data sets that are loaded, for every page that says since when there are any."""

from sqlalchemy import func, select

from app.db.models import LoadedDataset, SeasonCount
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
