"""Serve GET /api/v1/franchises and /api/v1/franchises/{slug}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.franchises import service
from app.franchises.schemas import FranchiseDetail, FranchiseList
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS, PLAIN_ANSWERS
from app.http.query import NO_QUERY
from app.http.responses import json_only
from app.listing.parameters import FilterText

router = APIRouter(prefix=f"{API_PREFIX}/franchises", tags=["franchises"], dependencies=[Depends(json_only), NO_QUERY])


@router.get("", responses=PLAIN_ANSWERS, summary="List franchises")
async def list_franchises(context: Context) -> FranchiseList:
    """List the 32 franchises with every code and name that draft records have used for them, and the number of their selections."""
    return await service.list_franchises(context)


@router.get("/{slug}", responses=ITEM_ANSWERS, summary="One franchise")
async def show_franchise(
    context: Context,
    slug: Annotated[FilterText, Path(description="Slug, today's code, name, or a code only this club has used.", examples=["raiders"])],
) -> FranchiseDetail:
    """Show a franchise with the number of its selections in each class."""
    return await service.franchise_detail(context, slug)
