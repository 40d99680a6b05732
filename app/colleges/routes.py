"""Serve GET /api/v1/colleges and /api/v1/colleges/{slug}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.colleges import service
from app.colleges.schemas import CollegeDetail, CollegePage, CollegeParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS, PLAIN_ANSWERS
from app.http.query import NO_QUERY, QueryParameters
from app.http.responses import json_only
from app.listing.parameters import FilterText
from app.listing.responses import list_response

router = APIRouter(prefix=f"{API_PREFIX}/colleges", tags=["colleges"], dependencies=[Depends(json_only)])
CollegeQuery = Annotated[CollegeParameters, Depends(QueryParameters(CollegeParameters))]


@router.get("", response_model=CollegePage, responses=PLAIN_ANSWERS, summary="List colleges")
async def list_colleges(parameters: CollegeQuery, context: Context) -> Response:
    """List colleges with their selections and combine entries counted; all spellings of the sources are one college."""
    return await list_response(await service.list_colleges(context, parameters), None)


@router.get("/{slug}", responses=ITEM_ANSWERS, dependencies=[NO_QUERY], summary="One college")
async def show_college(
    context: Context,
    slug: Annotated[FilterText, Path(description="Slug, name, or any known spelling.", examples=["ohio-state"])],
) -> CollegeDetail:
    """Show a college with its spellings and the number of its selections in each class."""
    return await service.college_detail(context, slug)
