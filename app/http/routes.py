"""/metrics"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.backups.service import read_state
from app.db.database import DatabaseUnavailable

if TYPE_CHECKING:
    from starlette.datastructures import State

    from app.backups.schemas import BackupState

#: Seconds a scrape waits for the database.
LIMIT = 2.0

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": 'dq_dataset_rows{dataset="combine"} 8968.0'}}}},
)
async def metrics(request: Request) -> Response:
    """Requests and their duration by route, cache hits, pool, dataset versions and rows, of this process alone; and the last backup."""
    state = request.app.state
    if state.settings.backup_max_age_hours is not None:
        state.metrics.backups = await _backups(state)
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _backups(state: State) -> BackupState | None:
    """Nothing while the database is away: the numbers are missing then, which an alarm can look for, and all others are there."""
    context = getattr(state, "context", None)
    if context is None:
        return None
    try:
        async with asyncio.timeout(LIMIT):
            return await read_state(context)
    except (DatabaseUnavailable, TimeoutError):
        return None
