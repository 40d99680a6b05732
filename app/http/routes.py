"""/metrics"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": 'dq_dataset_rows{dataset="combine"} 8968.0'}}}},
)
async def metrics(request: Request) -> Response:
    """Requests and their duration by route, cache hits, pool, dataset versions and rows; of this process alone."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
