"""Currency of read models."""

from __future__ import annotations

from sqlalchemy import Integer, Table, Text, and_, bindparam, func, select

from app.context import ServiceContext
from app.datasets.read_models import READ_MODELS
from app.db.models import LoadedDataset, ReadModel
from app.db.statements import compile_statement

_STAMPED = compile_statement(
    select(func.count().label("n")).where(
        and_(
            ReadModel.model == bindparam("model", type_=Text),
            ReadModel.definition == bindparam("definition", type_=Integer),
            ReadModel.dataset == LoadedDataset.dataset,
            ReadModel.version == LoadedDataset.version,
            ReadModel.updated_at == LoadedDataset.updated_at,
        )
    )
)


async def is_current(context: ServiceContext, model: Table) -> bool:
    """Return True when a read model is made of the rows that are loaded, by this definition: another release may have loaded others.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    known = READ_MODELS[model.name]
    row = await context.database.fetch_row(_STAMPED, {"model": model.name, "definition": known.definition})
    return row is not None and row["n"] == len(known.made_of)
