"""Routes of the pages about what became of picks: a class in retrospect, franchises and colleges."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from app.http.dependencies import Context, Release
from app.web import outcome_service
from app.web.errors import render_error
from app.web.parameters import read_given
from app.web.rendering import page_etag, render, unchanged
from app.web.report_view import ReportParameters

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/classes/{season}/report")
async def class_report(request: Request, context: Context, release: Release, season: str) -> Response:
    """Show what a class was worth, selection by selection and by position group, and the trades of its days."""
    given = read_given(request, ReportParameters)
    if redirect := given.redirect():
        return redirect
    etag = page_etag((await context.version()).identity, release)
    if answer := unchanged(request, etag):
        return answer
    year = int(season) if season.isascii() and season.isdigit() and len(season) == 4 else None
    page = await outcome_service.class_report(context, year, given) if year else None
    if page is None:
        return render_error(request, 404, "Draft class not found", f"The data contain no draft class for {season[:40]}.")
    refused = page.problem is not None
    return render(request, "pages/report.html", {"page": page}, status=422 if refused else 200, etag=None if refused else etag)
