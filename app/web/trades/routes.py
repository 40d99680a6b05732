"""Routes of the pages about trades."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context
from app.pick_values.schemas import TradeRequest
from app.pick_values.service import value_trade
from app.trades.service import find_trades, trade_detail
from app.web.calculator.page import as_csv, calculator_page, values_of
from app.web.dependencies import KnownParameters, PageQuery, Renderer
from app.web.errors import render_error
from app.web.parameters import Given, PageParameters, read_given, whole_number
from app.web.trades.page import PAGE_SIZE, TradeParameters, trade_page, trades_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
TradeQuery = Annotated[Given[PageParameters], Depends(PageQuery(TradeParameters))]
CalculatorQuery = Annotated[Given[TradeRequest], Depends(PageQuery(TradeRequest, values_of))]


@router.get("/trades")
async def trades(given: TradeQuery, context: Context, renderer: Renderer) -> Response:
    """List trades, 25 to a page, with every filter of the list of legs."""
    found, problem = None, None
    try:
        if given.parameters is not None:
            found = await find_trades(context, given.parameters, PAGE_SIZE, (given.parameters.page - 1) * PAGE_SIZE)
    except InvalidParameter as error:
        problem = error.message
    page = trades_page(given, found, await context.references(renderer.version), problem)
    return renderer.render("pages/trades.html", {"page": page}, status=200 if found else 422)


@router.get("/trades/{trade_id}", dependencies=[Depends(KnownParameters())])
@router.get("/trades/{trade_id}/card.svg", dependencies=[Depends(KnownParameters())])
async def trade(request: Request, context: Context, renderer: Renderer, trade_id: str) -> Response:
    """Show one trade."""
    number = whole_number(trade_id)
    if number is None:
        return render_error(request, 404, "Trade not found", f"“{trade_id[:40]}” is not the number of a trade.")
    try:
        detail = await trade_detail(context, number)
    except NotFound:
        return render_error(request, 404, "Trade not found", f"The data contain no trade with the number {number}.")
    page = trade_page(detail, await context.references(renderer.version))
    return renderer.render("pages/trade.html", {"page": page})


@router.get("/trade-calculator")
@router.get("/trade-calculator/card.svg")
async def calculator(given: CalculatorQuery, context: Context, renderer: Renderer) -> Response:
    """Value both sides of a trade; without parameters, show the empty form."""
    worth, problem = None, None
    try:
        if given.texts and given.parameters is not None:
            worth = await value_trade(context, given.parameters)
    except (InvalidParameter, NotFound) as error:
        problem = error.message
    page = calculator_page(given, worth, problem)
    return renderer.render("pages/calculator.html", {"page": page}, status=422 if page.problem else 200)


@router.get("/trade-calculator.csv")
async def calculator_csv(request: Request, context: Context) -> Response:
    """Download the picks of a trade with their values."""
    given = read_given(request, TradeRequest, values_of)
    if given.parameters is None:
        return render_error(request, 422, "Invalid request", given.problem or "")
    try:
        text = as_csv(await value_trade(context, given.parameters))
    except (InvalidParameter, NotFound) as error:
        return render_error(request, 422, "Invalid request", error.message)
    headers = {"Content-Disposition": 'attachment; filename="trade.csv"', "Cache-Control": "no-cache"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
