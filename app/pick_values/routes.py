"""The trade calculator: POST /api/v1/trade-calculator."""

from fastapi import APIRouter, Depends

from app.http.dependencies import API_PREFIX, Context
from app.http.openapi import CALCULATION_ANSWERS
from app.http.query import NO_QUERY
from app.http.responses import json_only
from app.pick_values import service
from app.pick_values.schemas import TradeRequest, TradeWorth

router = APIRouter(prefix=API_PREFIX, tags=["trades"], dependencies=[Depends(json_only), NO_QUERY])


@router.post("/trade-calculator", responses=CALCULATION_ANSWERS, summary="Value a trade of picks")
async def calculate_trade(trade: TradeRequest, context: Context) -> TradeWorth:
    """Both sides of a trade on every chart, with later picks discounted, and the pick that each sum is worth.

    A pick whose number is not known is the middle one of its round. Charts value picks differently; no verdict is given.
    """
    return await service.value_trade(context, trade)
