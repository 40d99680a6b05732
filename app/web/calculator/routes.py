"""Routes of the trade calculator."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from app.errors import InvalidParameter, NotFound
from app.http.dependencies import Context
from app.pick_values.schemas import TradeRequest
from app.pick_values.service import value_trade
from app.web.calculator.page import as_csv, calculator_page, values_of
from app.web.dependencies import PageQuery, Renderer, page_router
from app.web.errors import render_error
from app.web.parameters import Given

router = page_router()
CalculatorQuery = Annotated[Given[TradeRequest], Depends(PageQuery(TradeRequest, values_of))]
FileQuery = Annotated[Given[TradeRequest], Depends(PageQuery(TradeRequest, values_of, error_title="Invalid request"))]


@router.get("/trade-calculator")
@router.get("/trade-calculator/card.svg")
async def calculator(given: CalculatorQuery, context: Context, renderer: Renderer) -> Response:
    """Value both sides of a trade; without parameters, show the empty form."""
    worth = None
    try:
        if given.texts and not given.problem:
            worth = await value_trade(context, given.parameters)
    except (InvalidParameter, NotFound) as error:
        given = given.with_problem(error)
    return renderer.render("pages/calculator.html", page=calculator_page(given, worth))


@router.get("/trade-calculator.csv")
async def calculator_csv(request: Request, given: FileQuery, context: Context) -> Response:
    """Download the picks of a trade with their values."""
    try:
        text = as_csv(await value_trade(context, given.parameters))
    except (InvalidParameter, NotFound) as error:
        return render_error(request, 422, "Invalid request", error.message)
    headers = {"Content-Disposition": 'attachment; filename="trade.csv"', "Cache-Control": "no-cache"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
