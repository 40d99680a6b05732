"""Serve /metrics."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.backups.service import gauges, read_state
from app.context import ServiceContext
from app.db.database import DatabaseUnavailable
from app.health.service import LIMIT
from app.http.dependencies import State

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": 'dq_dataset_rows{dataset="combine"} 8968.0'}}}},
)
async def metrics(state: State) -> Response:
    """Report requests and their duration by route, cache hits, pool, data versions and rows of this process, and the last backup."""
    numbers = generate_latest(state["registry"])
    if state["settings"].backup_max_age_hours is not None:
        numbers += await _backups(state["context"])
    return Response(numbers, media_type=CONTENT_TYPE_LATEST)


async def _backups(context: ServiceContext) -> bytes:
    """Return nothing while the database is away: these numbers are missing then, which an alarm can look for, and all others are there."""
    try:
        async with asyncio.timeout(LIMIT):
            return generate_latest(gauges(await read_state(context)))
    except (DatabaseUnavailable, TimeoutError):
        return b""
