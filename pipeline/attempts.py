"""When a load that did not succeed is tried again, as the ledger shows it.

The worker imports this module after a failed load, not before: SQLAlchemy and the models take 0.2 s and 30 MB.
"""

from datetime import datetime

from sqlalchemy import case, exists, func, or_, select, update

from app.db.database import Database
from app.db.engine import create_engine
from app.db.models import LoadedDataset, LoadRun
from app.db.session import transaction


async def note_next_attempt(dsn: str, retry: datetime, slot: datetime) -> None:
    """Write it into the latest run of each data set, if that one did not succeed: ``retry``, or ``slot`` if it waits for the schedule.

    Raises:
        DatabaseUnavailable: nothing was written.
        sqlalchemy.exc.DBAPIError: the database refused the statement.
    """
    latest = select(func.max(LoadRun.run_id)).group_by(LoadRun.dataset)
    filled = exists().where(LoadedDataset.dataset == LoadRun.dataset, LoadedDataset.row_count > 0)
    engine = create_engine(dsn, max_size=1, application_name="draft-queen worker")
    try:
        async with transaction(Database(engine)) as session:
            await session.execute(
                update(LoadRun)
                .where(LoadRun.state.in_(("skipped", "failed", "held")), LoadRun.run_id.in_(latest))
                .values(next_attempt_at=case((or_(LoadRun.state == "skipped", ~filled), retry), else_=slot))
                .execution_options(synchronize_session=False)
            )
    finally:
        await engine.dispose()
