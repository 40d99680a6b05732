"""The page about the quality of the data. It is rendered for each request: an acknowledgement changes it without a load."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from app.datasets import DATASETS
from app.http.dependencies import Context
from app.web.dependencies import PageQuery, page_router
from app.web.errors import render_error
from app.web.parameters import Given
from app.web.quality.page import SHADES, QualityParameters, quality_page
from app.web.rendering import render

router = page_router()
QualityQuery = Annotated[Given[QualityParameters], Depends(PageQuery(QualityParameters, error_title="Invalid request"))]


@router.get("/quality")
@router.get("/quality/card.svg")
async def quality(request: Request, given: QualityQuery, context: Context) -> Response:
    """Show how complete a data set is, season by season, and what is wrong with it now."""
    wanted = given.parameters
    page = await quality_page(context, wanted)
    if page is None:
        missing = f"rows of {wanted.season}" if wanted.season else "rows"
        name = f" of the {DATASETS[wanted.dataset].title}" if wanted.dataset else ""
        return render_error(request, 404, "Nothing to show", f"The data contain no {missing}{name}.")
    return render(request, "pages/quality.html", {"page": page, "shades": SHADES, "synthetic": (await context.version()).synthetic})
