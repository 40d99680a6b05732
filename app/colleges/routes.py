"""GET /api/v1/colleges and /api/v1/colleges/{slug}"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.colleges import service
from app.colleges.schemas import CollegeDetailModel, CollegePage, CollegeParameters
from app.http.dependencies import API_PREFIX, ContextDep
from app.listing.answer import json_response, require_json
from app.listing.parameters import FilterText, NoParameters
from app.openapi import ITEM_ANSWERS, PLAIN_ANSWERS

router = APIRouter(prefix=f"{API_PREFIX}/colleges", tags=["colleges"])


@router.get("", response_model=CollegePage, responses=PLAIN_ANSWERS, summary="List colleges")
async def list_colleges(request: Request, context: ContextDep, parameters: Annotated[CollegeParameters, Query()]) -> Response:
    """Colleges with their selections and combine entries counted; every spelling of the sources is one college."""
    require_json(request)
    return json_response(await service.list_colleges(context, parameters))


@router.get("/{slug}", response_model=CollegeDetailModel, responses=ITEM_ANSWERS, summary="One college")
async def show_college(
    request: Request,
    context: ContextDep,
    slug: Annotated[FilterText, Path(description="Slug, name, or any known spelling.", examples=["ohio-state"])],
    parameters: Annotated[NoParameters, Query()],  # noqa: ARG001 - refuses parameters
) -> Response:
    """One college with its spellings and the number of its selections in each class."""
    require_json(request)
    return json_response(await service.college_detail(context, slug))
