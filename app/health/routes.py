"""Alive, and ready."""

from fastapi import APIRouter, Response

from app.health import service
from app.health.schemas import Alive, Readiness
from app.http.dependencies import State

router = APIRouter(tags=["operations"])


@router.get("/health", summary="Alive")
@router.get("/api/health", summary="Alive (same as /health)")
async def health(response: Response) -> Alive:
    """Report that the process responds. It does not check the database, so that an outage there does not restart this process."""
    response.headers["cache-control"] = "no-store"
    return Alive()


@router.get(
    "/health/ready",
    responses={503: {"model": Readiness, "description": "The database or its schema is not as needed."}},
    summary="Ready for requests",
)
async def ready(state: State, response: Response) -> Readiness:
    """Check the database and the revision of its schema; the status is 503, with the details, when one of them is not ready.

    The cache is checked too; without it the service is slower at most, so that alone is `ok: false` in the detail and 200. So is the age of
    the last verified backup, where backups are expected (BACKUP_MAX_AGE_HOURS).
    """
    readiness = await service.check(state["context"], state["redis"], state["release"], state["settings"].backup_max_age_hours)
    response.headers["cache-control"] = "no-store"
    if readiness.status != "ready":
        response.status_code = 503
        response.headers["retry-after"] = "5"
    return readiness
