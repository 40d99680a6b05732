"""GET /api/v1/quality/completeness and /api/v1/quality/issues"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.http.dependencies import API_PREFIX, ContextDep
from app.listing.answer import json_response, list_response, require_json
from app.openapi import PLAIN_ANSWERS, list_answers
from app.quality import service
from app.quality.queries import ISSUES
from app.quality.schemas import CompletenessModel, CompletenessParameters, IssuePage, IssueParameters

router = APIRouter(prefix=f"{API_PREFIX}/quality", tags=["data"])
_EXAMPLE = "issue_id,run_id,dataset,severity,rule,season,entity,field,value\n1,2,combine,warning,outlier,2001,2001/Brian Gray,forty,5.62\n"


@router.get("/completeness", response_model=CompletenessModel, responses=PLAIN_ANSWERS, summary="Completeness by column")
async def completeness(request: Request, context: ContextDep, parameters: Annotated[CompletenessParameters, Query()]) -> Response:
    """How many rows have a value, for every column: not every player does every drill, so no single percentage says it."""
    require_json(request)
    return json_response(await service.completeness(context, parameters.dataset))


@router.get("/issues", response_model=IssuePage, responses=list_answers(_EXAMPLE), summary="List quality issues")
async def list_issues(request: Request, context: ContextDep, parameters: Annotated[IssueParameters, Query()]) -> Response:
    """What loads noticed, repaired, set aside or refused, the latest first."""
    return await list_response(request, context, ISSUES, parameters, service.resolve_filters(parameters), await context.version())
