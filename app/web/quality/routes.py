"""The page about the quality of the data. It is rendered for each request: an acknowledgement changes it without a load."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from app.datasets import DATASETS, listed
from app.http.dependencies import Context
from app.web.dependencies import KnownParameters
from app.web.errors import render_error
from app.web.parameters import season_of
from app.web.quality.page import SHADES, quality_page
from app.web.rendering import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_PARAMETERS = Depends(KnownParameters("dataset", "season"))


@router.get("/quality", dependencies=[_PARAMETERS])
@router.get("/quality/card.svg", dependencies=[_PARAMETERS])
async def quality(request: Request, context: Context) -> Response:
    """Show how complete a data set is, season by season, and what is wrong with it now."""
    name = request.query_params.get("dataset", "").replace("-", "_")
    if name and name not in DATASETS:
        return render_error(request, 422, "Unknown data set", f"“{name[:40]}” is not a data set. Choose {listed()}.")
    season = request.query_params.get("season", "")
    year = season_of(season)
    if season and year is None:
        return render_error(request, 422, "Invalid season", f"“{season[:40]}” is not a season. Enter a year such as 2020.")
    page = await quality_page(context, name or None, year)
    if page is None:
        missing = f"rows of {season}" if season else "rows"
        return render_error(
            request, 404, "Nothing to show", f"The data contain no {missing}{f' of the {DATASETS[name].title}' if name else ''}."
        )
    return render(request, "pages/quality.html", {"page": page, "shades": SHADES})
