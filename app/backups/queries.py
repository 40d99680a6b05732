"""The last verified backup, and how the last round ended."""

from sqlalchemy import select

from app.db.models import DatabaseBackup
from app.db.statements import compile_statement

_verified = (
    select(DatabaseBackup.started_at, DatabaseBackup.size_bytes)
    .where(DatabaseBackup.verified_at.is_not(None), DatabaseBackup.problem.is_(None))
    .order_by(DatabaseBackup.started_at.desc())
    .limit(1)
    .subquery()
)
_last = select(DatabaseBackup.problem).where(DatabaseBackup.finished_at.is_not(None)).order_by(DatabaseBackup.started_at.desc()).limit(1)

STATE = compile_statement(
    select(
        select(_verified.c.started_at).scalar_subquery().label("verified_from"),
        select(_verified.c.size_bytes).scalar_subquery().label("size_bytes"),
        _last.scalar_subquery().label("problem"),
    )
)
