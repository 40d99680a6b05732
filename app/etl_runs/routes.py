"""Serve GET /api/v1/etl/runs and /api/v1/etl/runs/{run_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.etl_runs import service
from app.etl_runs.schemas import RunDetail, RunPage, RunParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ERRORS, ITEM_ANSWERS
from app.http.query import NO_QUERY, QueryParameters
from app.http.responses import json_only
from app.listing.parameters import RunId
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/etl/runs", tags=["data"], dependencies=[Depends(json_only)])
RunQuery = Annotated[RunParameters, Depends(QueryParameters(RunParameters))]


@router.get("", response_model=RunPage, responses=ERRORS, summary="List loads")
async def list_runs(parameters: RunQuery, context: Context) -> Response:
    """List the ledger: one row per load, including those that failed, were held for review, or found nothing new."""
    return await list_response(await service.list_runs(context, parameters), None)


@router.get("/{run_id}", responses=ITEM_ANSWERS, dependencies=[NO_QUERY], summary="One load")
async def show_run(context: Context, run_id: Annotated[RunId, Path(description="The load's number.", examples=[1])]) -> RunDetail:
    """Show one load: its file, its counts, the seconds of each step, and its findings."""
    return await service.run_detail(context, run_id)
