"""Serve GET /api/v1/identity/conflicts, /api/v1/identity/decisions and /api/v1/person-ids."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ERRORS, ITEM_ANSWERS
from app.http.query import NO_QUERY, QueryParameters
from app.http.responses import AcceptedFormat, json_only, streamed
from app.identity import service
from app.identity.schemas import (
    ConflictDetail,
    ConflictPage,
    ConflictParameters,
    DecisionPage,
    DecisionParameters,
    PersonIdPage,
    PersonIdParameters,
)
from app.listing.parameters import RunId
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/identity", tags=["people"])

ids = APIRouter(prefix=f"{API_PREFIX}/person-ids", tags=["people"])
ConflictQuery = Annotated[ConflictParameters, Depends(QueryParameters(ConflictParameters))]
DecisionQuery = Annotated[DecisionParameters, Depends(QueryParameters(DecisionParameters))]
PersonIdQuery = Annotated[PersonIdParameters, Depends(QueryParameters(PersonIdParameters))]
_CONFLICT = (
    "conflict_id,reason,id_type,value,state,person_id,name,other_person_id,other_name,run_id\n"
    "7,shared_id,pfr,CartCh00,open,8992,Chris Carter,14089,Chris Carter,2\n"
)
_PERSON_ID = "person_id,name,id_type,value,first_season,last_season\n11120,Joe Burrow,pfr,BurrJo01,2020,2020\n"


@router.get("/conflicts", **streamed(ConflictPage, _CONFLICT), summary="List identity conflicts")
async def list_conflicts(parameters: ConflictQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List the pairs of people that one piece of evidence would make the same, and the rest would not."""
    return await list_response(await service.list_conflicts(context, parameters), accept)


@router.get(
    "/conflicts/{conflict_id}", responses=ITEM_ANSWERS, dependencies=[Depends(json_only), NO_QUERY], summary="One identity conflict"
)
async def show_conflict(
    context: Context, conflict_id: Annotated[RunId, Path(description="Number of the conflict.", examples=[1])]
) -> ConflictDetail:
    """Show both sides of a conflict, piece of evidence by piece, and what people have decided about the two."""
    return await service.conflict_detail(context, conflict_id)


@router.get(
    "/decisions", response_model=DecisionPage, responses=ERRORS, dependencies=[Depends(json_only)], summary="List identity decisions"
)
async def list_decisions(parameters: DecisionQuery, context: Context) -> Response:
    """List what people have decided about who is who, with author, time and reason; a later decision may revoke an earlier one."""
    return await list_response(await service.list_decisions(context, parameters), None)


@ids.get("", **streamed(PersonIdPage, _PERSON_ID), summary="Ids of all people")
async def list_person_ids(parameters: PersonIdQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List every id that a source uses for a person, one per row: with `format=csv` the whole table, to join other data sets with ours."""
    return await list_response(await service.list_person_ids(context, parameters), accept)
