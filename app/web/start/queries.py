"""What the start page reads of the loads."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.models import LoadRun
from app.db.statements import compile_statement

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
