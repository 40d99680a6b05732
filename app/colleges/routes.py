"""GET /api/v1/colleges and /api/v1/colleges/{slug}"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.colleges import service
from app.colleges.schemas import CollegeDetailModel, CollegePage, CollegeParameters
from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import json_response, require_json
from app.listing.parameters import FilterText, NoParameters
from app.openapi import ITEM_ANSWERS, PLAIN_ANSWERS

router = APIRouter(prefix=f"{API_PREFIX}/colleges", tags=["colleges"])


@router.get("", response_model=CollegePage, responses=PLAIN_ANSWERS, summary="List colleges", openapi_extra=documented(CollegeParameters))
async def list_colleges(request: Request, context: Context) -> Response:
    """Colleges with their selections and combine entries counted; every spelling of the sources is one college."""
    parameters = read_query(request, CollegeParameters)
    require_json(request)
    return json_response(await service.list_colleges(context, parameters))


@router.get("/{slug}", response_model=CollegeDetailModel, responses=ITEM_ANSWERS, summary="One college")
async def show_college(
    request: Request,
    context: Context,
    slug: Annotated[FilterText, Path(description="Slug, name, or any known spelling.", examples=["ohio-state"])],
) -> Response:
    """One college with its spellings and the number of its selections in each class."""
    read_query(request, NoParameters)
    require_json(request)
    return json_response(await service.college_detail(context, slug))
