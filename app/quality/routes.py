"""Serve GET /api/v1/quality/completeness, /api/v1/quality/findings and /api/v1/quality/issues."""

from csv import DictWriter
from io import StringIO
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import PLAIN_ANSWERS
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, json_only, streamed
from app.listing.responses import list_response
from app.quality import service
from app.quality.schemas import (
    Completeness,
    CompletenessParameters,
    FieldCompleteness,
    FindingPage,
    FindingParameters,
    IssuePage,
    IssueParameters,
    QualityDecisionPage,
    QualityDecisionParameters,
)

router = APIRouter(prefix=f"{API_PREFIX}/quality", tags=["data"])
CompletenessQuery = Annotated[CompletenessParameters, Depends(QueryParameters(CompletenessParameters))]
IssueQuery = Annotated[IssueParameters, Depends(QueryParameters(IssueParameters))]
FindingQuery = Annotated[FindingParameters, Depends(QueryParameters(FindingParameters))]
DecisionQuery = Annotated[QualityDecisionParameters, Depends(QueryParameters(QualityDecisionParameters))]
_DECISION_EXAMPLE = (
    "decision_id,kind,dataset,rule,season,entity,reason,decided_by\n1,acknowledge,combine,outlier,2001,2001/Brian Gray,confirmed,ana\n"
)
_EXAMPLE = "issue_id,run_id,dataset,severity,rule,season,entity,field,value\n1,2,combine,warning,outlier,2001,2001/Brian Gray,forty,5.62\n"


@router.get(
    "/completeness",
    response_model=Completeness,
    responses={**PLAIN_ANSWERS, 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="Completeness by column",
    dependencies=[Depends(json_only)],
)
async def completeness(parameters: CompletenessQuery, context: Context) -> Completeness | Response:
    """Count the rows with a value in every column: not every player does every drill, so a single percentage would be misleading.

    A field can be complete as a whole and empty in one season: `by=season` counts each season on its own.
    """
    found = await service.completeness(context, parameters)
    return found if parameters.format == "json" else _as_csv(found)


def _as_csv(found: Completeness) -> Response:
    text = StringIO(newline="")
    lines = DictWriter(text, list(FieldCompleteness.model_fields))
    lines.writeheader()
    lines.writerows(each.model_dump(mode="json") for each in found.items)
    return Response(text.getvalue(), media_type="text/csv", headers={"vary": "Accept"})


@router.get("/findings", **streamed(FindingPage, _EXAMPLE), summary="List what holds now")
async def list_findings(parameters: FindingQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List the findings about the present rows, and why the last load was refused if it was.

    A finding closes by itself when a load does not repeat it. `dq quality acknowledge` records that a person accepts one; that holds for
    as long as the same is said of the same row, load after load, or until `dq quality withdraw` takes it back.
    """
    return await list_response(await service.list_findings(context, parameters), accept)


@router.get("/decisions", **streamed(QualityDecisionPage, _DECISION_EXAMPLE), summary="List decisions about findings")
async def list_decisions(parameters: DecisionQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List the acknowledgements of findings and their withdrawals, with author, time and reason, the latest first."""
    return await list_response(await service.list_decisions(context, parameters), accept)


@router.get("/issues", **streamed(IssuePage, _EXAMPLE), summary="List quality issues")
async def list_issues(parameters: IssueQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List what loads noticed, repaired, set aside or refused, the latest first."""
    return await list_response(await service.list_issues(context, parameters), accept)
