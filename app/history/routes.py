"""Serve GET /api/v1/people/{person_id}/history and /api/v1/people/{person_id}/provenance."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.history import service
from app.history.schemas import HistoryParameters, PersonHistory, PersonProvenance, ProvenanceParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS
from app.http.query import QueryParameters
from app.http.responses import json_only
from app.listing.parameters import Identifier

router = APIRouter(prefix=f"{API_PREFIX}/people/{{person_id}}", tags=["people"], dependencies=[Depends(json_only)])
PersonId = Annotated[Identifier, Path(description="The person's id, from any list.", examples=[1])]
HistoryQuery = Annotated[HistoryParameters, Depends(QueryParameters(HistoryParameters))]
ProvenanceQuery = Annotated[ProvenanceParameters, Depends(QueryParameters(ProvenanceParameters))]


@router.get("/history", responses=ITEM_ANSWERS, summary="Every value, with its loads")
async def show_history(context: Context, person_id: PersonId, parameters: HistoryQuery) -> PersonHistory:
    """Show every value that the person's records have had, and between which loads it was served.

    The loads that first filled the database are the beginning: what upstream said earlier is not known.
    """
    return await service.history(context, person_id, parameters)


@router.get("/provenance", responses=ITEM_ANSWERS, summary="Where the values come from")
async def show_provenance(context: Context, person_id: PersonId, parameters: ProvenanceQuery) -> PersonProvenance:
    """Show which load brought each value of the person's records: source, file, checksum, and when upstream published it."""
    return await service.provenance(context, person_id, parameters)
