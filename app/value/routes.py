"""Serve hit rates, expected value, value over expected and the strength of classes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.http.dependencies import API_PREFIX, Context
from app.http.query import QueryParameters
from app.http.responses import AcceptedFormat, streamed
from app.listing.responses import list_response, table_response
from app.value import service
from app.value.schemas import (
    ClassStrengthPage,
    ClassStrengthParameters,
    ExpectedValue,
    ExpectedValueParameters,
    ExpectedValues,
    GroupParameters,
    HitParameters,
    HitRate,
    HitRateParameters,
    HitRates,
    OverExpectedGroup,
    OverExpectedGroupParameters,
    OverExpectedGroups,
    OverExpectedPage,
    OverExpectedParameters,
)

router = APIRouter(prefix=f"{API_PREFIX}/analytics", tags=["value"])
HitRateQuery = Annotated[HitParameters, Depends(QueryParameters(HitRateParameters))]
ExpectedValueQuery = Annotated[ExpectedValueParameters, Depends(QueryParameters(ExpectedValueParameters))]
OverExpectedQuery = Annotated[OverExpectedParameters, Depends(QueryParameters(OverExpectedParameters))]
GroupQuery = Annotated[GroupParameters, Depends(QueryParameters(OverExpectedGroupParameters))]
ClassStrengthQuery = Annotated[ClassStrengthParameters, Depends(QueryParameters(ClassStrengthParameters))]


@router.get(
    "/hit-rates",
    **streamed(HitRates | list[HitRate], "round,n,hits,rate,lower,upper\n1,691,538,0.778582,0.746146,0.807969\n"),
    summary="Hit rates by group",
)
async def show_hit_rates(parameters: HitRateQuery, context: Context, accept: AcceptedFormat) -> Response:
    """Show the share of selections that were hits, with its 95 % Wilson interval, by up to three groups.

    A hit has at least three seasons as a starter, or what `hit` and `at_least` say. A selection without a record is not a hit. Classes
    less than five years old are left out unless `season` or `season_max` is given.
    """
    return await table_response(await service.hit_rates(context, parameters), parameters, accept)


@router.get(
    "/expected-value",
    **streamed(ExpectedValues | list[ExpectedValue], "pick,expected_w_av,mean_w_av,n\n1,80.0,70.73,22\n"),
    summary="Expected value by pick",
)
async def show_expected_value(parameters: ExpectedValueQuery, context: Context, accept: AcceptedFormat) -> Response:
    """Show the weighted career value that is expected of each pick, `intercept + slope · ln(pick)`.

    The line is fitted by least squares to picks 1 to 224 of the classes 1994 to 2015; a missing w_av counts as 0.
    """
    return await table_response(await service.expected_value(context, parameters), parameters, accept)


@router.get(
    "/value-over-expected",
    **streamed(OverExpectedPage, "season,pick,name,w_av,expected_w_av,value_over_expected\n2000,199,Tom Brady,184,7.15,176.85\n"),
    summary="List selections by value over expected",
)
async def list_over_expected(parameters: OverExpectedQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List selections with what was expected of the pick and what became of it, with every filter of the draft picks.

    The best come first. Careers that are not over have less than they will have.
    """
    return await list_response(await service.selections(context, parameters), accept)


@router.get(
    "/value-over-expected/groups",
    **streamed(
        OverExpectedGroups | list[OverExpectedGroup], "franchise,n,w_av,expected_w_av,value_over_expected\nPIT,280,7950,7350.5,599.5\n"
    ),
    summary="Value over expected by group",
)
async def show_over_expected_groups(parameters: GroupQuery, context: Context, accept: AcceptedFormat) -> Response:
    """Sum value over expected by up to three groups, such as `season` for classes or `franchise`.

    Classes less than five years old are left out unless `season` or `season_max` is given.
    """
    return await table_response(await service.over_expected(context, parameters), parameters, accept)


@router.get(
    "/class-strength",
    **streamed(ClassStrengthPage, "season,group,measure,value,n,before,difference,rank\n2024,QB,johnson,11772,11,6742.2,5029.8,1\n"),
    summary="Strength of classes",
)
async def list_class_strength(parameters: ClassStrengthQuery, context: Context, accept: AcceptedFormat) -> Response:
    """List what each class was worth by position group: selections, points by five charts, mean Athletic Score at the combine.

    Each number is compared with the mean of the ten classes before, and has its rank among these eleven.
    """
    return await list_response(await service.class_strength(context, parameters), accept)
