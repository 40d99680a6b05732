"""GET /api/v1/franchises and /api/v1/franchises/{slug}"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.franchises import service
from app.franchises.schemas import FranchiseDetailModel, FranchisePage
from app.http.dependencies import API_PREFIX, Context
from app.http.query import read_query
from app.listing.answer import json_response, require_json
from app.listing.parameters import FilterText, NoParameters
from app.openapi import ITEM_ANSWERS, PLAIN_ANSWERS

router = APIRouter(prefix=f"{API_PREFIX}/franchises", tags=["franchises"])


@router.get("", response_model=FranchisePage, responses=PLAIN_ANSWERS, summary="List franchises")
async def list_franchises(request: Request, context: Context) -> Response:
    """The 32 clubs with every code and name that draft records have used for them, and their selections counted."""
    read_query(request, NoParameters)
    require_json(request)
    return json_response(await service.list_franchises(context))


@router.get("/{slug}", response_model=FranchiseDetailModel, responses=ITEM_ANSWERS, summary="One franchise")
async def show_franchise(
    request: Request,
    context: Context,
    slug: Annotated[FilterText, Path(description="Slug, today's code, name, or a code only this club has used.", examples=["raiders"])],
) -> Response:
    """One club with the number of its selections in each class."""
    read_query(request, NoParameters)
    require_json(request)
    return json_response(await service.franchise_detail(context, slug))
