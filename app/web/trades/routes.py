"""Routes of the list of trades, and of one trade."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.errors import InvalidParameter
from app.http.dependencies import Context
from app.trades.service import find_trades, trade_detail
from app.web.dependencies import NO_QUERY, PageQuery, Renderer, TradeId, page_router
from app.web.parameters import Given, PageParameters
from app.web.trades.page import PAGE_SIZE, TradeParameters, trade_page, trades_page

router = page_router()
TradeQuery = Annotated[Given[PageParameters], Depends(PageQuery(TradeParameters))]


@router.get("/trades")
async def trades(given: TradeQuery, context: Context, renderer: Renderer) -> Response:
    """List trades, 25 to a page, with every filter of the list of legs."""
    found = None
    try:
        if not given.problem:
            found = await find_trades(context, given.parameters, PAGE_SIZE, (given.parameters.page - 1) * PAGE_SIZE)
    except InvalidParameter as error:
        given = given.with_problem(error)
    return renderer.render("pages/trades.html", page=trades_page(given, found, await context.references(renderer.version)))


@router.get("/trades/{trade_id}", dependencies=[NO_QUERY])
@router.get("/trades/{trade_id}/card.svg", dependencies=[NO_QUERY])
async def trade(trade_id: TradeId, context: Context, renderer: Renderer) -> Response:
    """Show one trade."""
    page = trade_page(await trade_detail(context, trade_id), await context.references(renderer.version))
    return renderer.render("pages/trade.html", page=page)
