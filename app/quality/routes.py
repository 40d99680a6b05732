"""GET /api/v1/quality/completeness and /api/v1/quality/issues"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import json_response, list_response, require_json
from app.openapi import PLAIN_ANSWERS, list_answers
from app.quality import service
from app.quality.queries import ISSUES
from app.quality.schemas import CompletenessModel, CompletenessParameters, IssuePage, IssueParameters

router = APIRouter(prefix=f"{API_PREFIX}/quality", tags=["data"])
_EXAMPLE = "issue_id,run_id,dataset,severity,rule,season,entity,field,value\n1,2,combine,warning,outlier,2001,2001/Brian Gray,forty,5.62\n"


@router.get(
    "/completeness",
    response_model=CompletenessModel,
    responses=PLAIN_ANSWERS,
    summary="Completeness by column",
    openapi_extra=documented(CompletenessParameters),
)
async def completeness(request: Request, context: Context) -> Response:
    """How many rows have a value, for every column: not every player does every drill, so no single percentage says it."""
    parameters = read_query(request, CompletenessParameters)
    require_json(request)
    return json_response(await service.completeness(context, parameters.dataset))


@router.get(
    "/issues",
    response_model=IssuePage,
    responses=list_answers(_EXAMPLE),
    summary="List quality issues",
    openapi_extra=documented(IssueParameters),
)
async def list_issues(request: Request, context: Context) -> Response:
    """What loads noticed, repaired, set aside or refused, the latest first."""
    parameters = read_query(request, IssueParameters)
    return await list_response(request, context, ISSUES, parameters, service.resolve_filters(parameters), await context.version())
