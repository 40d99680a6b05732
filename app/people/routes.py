"""GET /api/v1/people and /api/v1/people/{person_id}"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.query import documented, read_query
from app.listing.answer import json_response, require_json
from app.listing.parameters import Identifier, NoParameters
from app.openapi import ITEM_ANSWERS, PLAIN_ANSWERS
from app.people import service
from app.people.schemas import PeoplePage, PeopleParameters, PersonModel

router = APIRouter(prefix=f"{API_PREFIX}/people", tags=["people"])


@router.get("", response_model=PeoplePage, responses=PLAIN_ANSWERS, summary="Search people", openapi_extra=documented(PeopleParameters))
async def search_people(request: Request, context: Context) -> Response:
    """One entry per human: by the beginnings of names, by exact name, by college, position, season or anybody's id.

    Two people of one name are two entries; one person under two spellings is one.
    """
    parameters = read_query(request, PeopleParameters)
    require_json(request)
    return json_response(await service.search(context, parameters))


@router.get("/{person_id}", response_model=PersonModel, responses=ITEM_ANSWERS, summary="One person")
async def show_person(
    request: Request, context: Context, person_id: Annotated[Identifier, Path(description="The person's id, from any list.", examples=[1])]
) -> Response:
    """Spellings, ids, selections with their outcomes, combine entries with percentiles, and open doubts about the identity.

    A percentile compares with every entry of the same role; with fewer than 20 of them, with the position group, and says so.
    """
    read_query(request, NoParameters)
    require_json(request)
    return json_response(await service.detail(context, person_id))
