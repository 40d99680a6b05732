"""All pages."""

from fastapi import Request
from starlette.responses import Response

from app.web.assets import assets
from app.web.calculator.routes import router as calculator
from app.web.classes.routes import router as classes
from app.web.colleges.routes import router as colleges
from app.web.compare.routes import router as compare
from app.web.dependencies import page_router
from app.web.franchises.routes import router as franchises
from app.web.identity.routes import router as identity
from app.web.players.routes import router as players
from app.web.quality.routes import router as quality
from app.web.scatter.routes import router as scatter
from app.web.search.routes import router as search
from app.web.start.routes import router as start
from app.web.trades.routes import router as trades

router = page_router()
for page in (start, classes, players, search, compare, scatter, trades, calculator, franchises, colleges, identity, quality):
    router.include_router(page)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    """Serve the icon for browsers that request it without reading the page first."""
    return await assets.get_response("img/favicon.svg", request.scope)
