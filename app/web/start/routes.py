"""The route of the start page."""

from fastapi import Request
from starlette.responses import Response

from app.http.dependencies import Context, CurrentSettings
from app.web.dependencies import NO_QUERY, page_router
from app.web.rendering import render
from app.web.start.page import start_page

router = page_router()


@router.get("/", dependencies=[NO_QUERY])
async def start(request: Request, context: Context, settings: CurrentSettings) -> Response:
    """Show the start page: search, state of the data, and the latest class."""
    # visitors of a deployment cannot run commands; its operators find theirs in docs/operations.md
    commands = settings.environment != "production"
    return render(request, "pages/start.html", {"page": await start_page(context), "commands": commands})
