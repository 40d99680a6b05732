"""GET /api/v1/etl/runs and /api/v1/etl/runs/{run_id}"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.etl_runs import service
from app.etl_runs.schemas import RunDetailModel, RunPage, RunParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import json_response, require_json
from app.listing.parameters import NoParameters, RunId
from app.openapi import ERRORS, ITEM_ANSWERS

router = APIRouter(prefix=f"{API_PREFIX}/etl/runs", tags=["data"])


@router.get("", response_model=RunPage, responses=ERRORS, summary="List loads", openapi_extra=documented(RunParameters))
async def list_runs(request: Request, context: Context) -> Response:
    """The ledger: one row per load, also of those that failed, were held for review, or found nothing new."""
    parameters = read_query(request, RunParameters)
    require_json(request)
    return json_response(await service.list_runs(context, parameters))


@router.get("/{run_id}", response_model=RunDetailModel, responses=ITEM_ANSWERS, summary="One load")
async def show_run(
    request: Request, context: Context, run_id: Annotated[RunId, Path(description="The load's number.", examples=[1])]
) -> Response:
    """One load: its file, its counts, the seconds of each step, and what it noticed."""
    read_query(request, NoParameters)
    require_json(request)
    return json_response(await service.run_detail(context, run_id))
