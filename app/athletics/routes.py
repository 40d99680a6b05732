"""Serve percentiles, the Athletic Score and comparables: of one person, side by side, and as a list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.athletics import service
from app.athletics.schemas import (
    ComparablesListFilters,
    ComparablesListParameters,
    ComparablesParameters,
    ComparablesRow,
    ComparablesTable,
    CompareParameters,
    Comparison,
    PersonComparables,
    PersonPercentiles,
    PersonScore,
    ScoreParameters,
    ScoresPage,
    VisitParameters,
)
from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, json_only, streamed
from app.listing.parameters import Identifier
from app.listing.responses import list_response, table_response

router = APIRouter(prefix=API_PREFIX, tags=["athletics"])
_JSON = [Depends(json_only)]
_PersonId = Annotated[Identifier, Path(description="The person's id, from any list.", examples=[1])]
_Visit = Annotated[VisitParameters, Depends(QueryParameters(VisitParameters))]
_EXAMPLE = "season,person_id,name,pos,athletic_score,athletic_n\n2019,1,D.K. Metcalf,WR,9.208,991\n"


@router.get("/people/{person_id}/percentiles", responses=ITEM_ANSWERS, dependencies=_JSON, summary="Percentiles of one person")
async def show_percentiles(context: Context, person_id: _PersonId, parameters: _Visit) -> PersonPercentiles:
    """Each of the eight measurements among those of the same role: `100·(lower + equal/2)/n`, reversed for times, so that more is better.

    Where fewer than 20 of the role were measured, the position group is compared, and `note` says so. `season_min`, `season_max` and
    `earlier_only` choose the classes that are compared with.
    """
    return await service.percentiles(context, person_id, parameters)


@router.get("/people/{person_id}/athletic-score", responses=ITEM_ANSWERS, dependencies=_JSON, summary="Athletic Score of one person")
async def show_athletic_score(context: Context, person_id: _PersonId, parameters: _Visit) -> PersonScore:
    """One number for all measurements: the mean of their scores, ranked among the entries of the role; the median is 5.

    It needs five of the eight measurements; with fewer it is null, and `note` says so.
    """
    return await service.athletic_score(context, person_id, parameters)


@router.get("/people/{person_id}/comparables", responses=ITEM_ANSWERS, dependencies=_JSON, summary="Comparables of one person")
async def show_comparables(
    context: Context, person_id: _PersonId, parameters: Annotated[ComparablesParameters, Depends(QueryParameters(ComparablesParameters))]
) -> PersonComparables:
    """List the entries of the same role that are nearest in the measurements that both have, at least five.

    `distance` is the root of the mean squared difference of z-scores, `similarity` is `100·e^−distance`. The classes that are chosen
    limit who is listed, not the z-scores: the distance of two people does not depend on it. With fewer than five measurements the list is
    empty, and `note` says so.
    """
    return await service.comparables(context, person_id, parameters)


@router.get("/compare", responses=ITEM_ANSWERS, dependencies=_JSON, summary="Compare people")
async def compare_people(
    context: Context, parameters: Annotated[CompareParameters, Depends(QueryParameters(CompareParameters))]
) -> Comparison:
    """Show two to six people side by side: measurements, percentiles and Athletic Score, each in his own role, selections and careers.

    Careers are those of the draft file: a person without a selection in it has none.
    """
    return await service.compare(context, parameters)


@router.get(
    "/analytics/athletic-score",
    **streamed(ScoresPage, _EXAMPLE),
    summary="List percentiles and Athletic Scores",
)
async def list_scores(
    parameters: Annotated[ScoreParameters, Depends(QueryParameters(ScoreParameters))], context: Context, accept: AcceptedFormat
) -> Response:
    """List combine entries with their percentiles and Athletic Score among all classes, with every filter of the combine list.

    The filters choose what is listed, not what it is compared with. The best scores come first. `fields=*` adds the
    percentiles, each with its number of values (`..._n`) and what was compared (`..._scope`); a streamed set has them in any case.
    """
    return await list_response(await service.scores(context, parameters), accept)


@router.get(
    "/analytics/comparables",
    **streamed(
        ComparablesTable | list[ComparablesRow],
        "season,person_id,name,scope,n,rank,other_name\n2019,1,D.K. Metcalf,WR,990,1,Andre Johnson\n",
    ),
    summary="List the comparables of many people",
)
async def list_comparables(
    parameters: Annotated[ComparablesListParameters, Depends(QueryParameters(ComparablesListFilters))],
    context: Context,
    accept: AcceptedFormat,
) -> Response:
    """List the nearest entries to each entry that the filters of the combine list choose, such as those of a class and position.

    The distance is that of the comparables of one person. An entry without comparables has one row, and `note` says why.
    """
    return await table_response(await service.comparables_list(context, parameters), parameters, accept)
