"""Serve GET /api/v1/people and /api/v1/people/{person_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS, LIMITED, PLAIN_ANSWERS
from app.http.query import QueryParameters
from app.http.rate_limits import RateLimit
from app.http.responses import json_only
from app.listing.parameters import Identifier
from app.listing.responses import list_response
from app.people import service
from app.people.schemas import PeoplePage, PeopleParameters, PersonDetail, PersonParameters

router = APIRouter(prefix=f"{API_PREFIX}/people", tags=["people"], dependencies=[Depends(json_only)])
PeopleQuery = Annotated[PeopleParameters, Depends(QueryParameters(PeopleParameters))]


@router.get(
    "",
    response_model=PeoplePage,
    responses={**PLAIN_ANSWERS, **LIMITED},
    dependencies=[Depends(RateLimit("searches"))],
    summary="Search people",
)
async def search_people(parameters: PeopleQuery, context: Context) -> Response:
    """Find people by the beginnings of names, by exact name, by college, position, season or any id; one entry per human.

    Two people of one name are two entries; one person under two spellings is one.
    """
    return await list_response(await service.search(context, parameters), None)


@router.get("/{person_id}", responses=ITEM_ANSWERS, summary="One person")
async def show_person(
    context: Context,
    person_id: Annotated[Identifier, Path(description="The person's id, from any list.", examples=[1])],
    parameters: Annotated[PersonParameters, Depends(QueryParameters(PersonParameters))],
) -> PersonDetail:
    """Show spellings, ids, selections with their outcomes, combine entries with percentiles, and open questions of identity.

    A percentile compares with every entry of the same role; with fewer than 20 of them, with the position group, and says so.
    With `as_of`, selections, careers and combine entries are those of then, without percentiles; everything else is today's.
    """
    return await service.detail(context, person_id, parameters.as_of)
