"""The last verified backup, and how the last round ended."""

from __future__ import annotations

from sqlalchemy import select

from app.db.statements import compile_statement
from app.db.tables import database_backup as backup

_verified = (
    select(backup.c.started_at, backup.c.size_bytes)
    .where(backup.c.verified_at.is_not(None), backup.c.problem.is_(None))
    .order_by(backup.c.started_at.desc())
    .limit(1)
    .subquery()
)
_last = select(backup.c.problem).where(backup.c.finished_at.is_not(None)).order_by(backup.c.started_at.desc()).limit(1)

STATE = compile_statement(
    select(
        select(_verified.c.started_at).scalar_subquery().label("verified_from"),
        select(_verified.c.size_bytes).scalar_subquery().label("size_bytes"),
        _last.scalar_subquery().label("problem"),
    )
)
