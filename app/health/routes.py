"""Alive, and ready."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.health import service
from app.health.schemas import Alive, Readiness
from app.http.dependencies import State
from app.listing.answer import json_response

router = APIRouter(tags=["operations"])
_ALIVE = b'{"status":"ok"}'


@router.get("/health", response_model=Alive, summary="Alive")
@router.get("/api/health", response_model=Alive, summary="Alive (same as /health)")
async def health() -> Response:
    """The process answers. Asks nothing of the database, so a database that is away does not get this process restarted."""
    return Response(_ALIVE, media_type="application/json", headers={"cache-control": "no-store"})


@router.get(
    "/health/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "The database or its schema is not as needed."}},
    summary="Ready for requests",
)
async def ready(state: State) -> Response:
    """The database, and its schema at the revision this code was written for; 503 with the detail when one of them is not.

    The cache is checked too; without it the service is slower at most, so that alone is `ok: false` in the detail and 200. So is the age of
    the last verified backup, where backups are expected (BACKUP_MAX_AGE_HOURS).
    """
    readiness = await service.check(state)
    response = json_response(readiness)
    response.status_code = 200 if readiness.status == "ready" else 503
    response.headers["cache-control"] = "no-store"
    if response.status_code != 200:
        response.headers["retry-after"] = "5"
    return response
