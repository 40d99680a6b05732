"""GET /api/v1/trades/{trade_id}; the list of all legs follows from the data set's declaration."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import ITEM_ANSWERS
from app.http.query import QueryParameters
from app.http.responses import json_only
from app.listing.parameters import Identifier
from app.trades import service
from app.trades.schemas import TradeDetail, TradeParameters

router = APIRouter(prefix=f"{API_PREFIX}/trades", tags=["trades"], dependencies=[Depends(json_only)])


@router.get("/{trade_id}", responses=ITEM_ANSWERS, summary="One trade")
async def show_trade(
    context: Context,
    trade_id: Annotated[Identifier, Path(description="Number of the trade, from the list.", examples=[503])],
    parameters: Annotated[TradeParameters, Depends(QueryParameters(TradeParameters))],
) -> TradeDetail:
    """Every leg, what each side gave and received by every chart, and what the picks became.

    The values are those of the numbers that the picks got in the end, without a discount. A pick without a number, a player and a pick
    beyond the charts have no value, which is not 0. With `as_of`, legs, charts and careers are those of then.
    """
    return await service.trade_detail(context, trade_id, parameters.as_of)
