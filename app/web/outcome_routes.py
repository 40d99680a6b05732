"""Routes of the pages about what became of picks: a class in retrospect, franchises and colleges."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.errors import NotFound
from app.http.dependencies import Context
from app.web import outcome_service
from app.web.cards import SUFFIX, is_card, theme_of
from app.web.classes.page import MAX_TEXT
from app.web.classes.report import ReportParameters
from app.web.dependencies import PageQuery, PageRenderer, Renderer
from app.web.errors import render_error
from app.web.parameters import Given, season_of
from app.web.track_record import CollegesParameters, FranchisesParameters, RecordPage, RecordParameters

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
ReportQuery = Annotated[Given[ReportParameters], Depends(PageQuery(ReportParameters))]
RecordQuery = Annotated[Given[RecordParameters], Depends(PageQuery(RecordParameters))]
FranchisesQuery = Annotated[Given[FranchisesParameters], Depends(PageQuery(FranchisesParameters))]
CollegesQuery = Annotated[Given[CollegesParameters], Depends(PageQuery(CollegesParameters))]


@router.get("/classes/{season}/report")
@router.get("/classes/{season}/report/card.svg")
async def class_report(request: Request, given: ReportQuery, context: Context, renderer: Renderer, season: str) -> Response:
    """Show what a class was worth, selection by selection and by position group, and the trades of its draft days."""
    year = season_of(season)
    page = await outcome_service.class_report(context, year, given) if year else None
    if page is None:
        return render_error(request, 404, "Draft class not found", f"The data contain no draft class for {season[:40]}.")
    return renderer.render("pages/report.html", {"page": page}, status=422 if page.problem else 200)


@router.get("/franchises")
@router.get("/franchises/card.svg")
async def franchises(request: Request, given: FranchisesQuery, context: Context, renderer: Renderer) -> Response:
    """Compare the franchises; ``franchise`` leads to the page, or the card image, of one."""
    if given.parameters and given.parameters.franchise:
        return _one(request, given, f"/franchises/{quote(given.parameters.franchise, safe='')}")
    page = await outcome_service.franchises(context, given)
    return renderer.render("pages/records.html", {"page": page}, status=422 if page.problem else 200)


@router.get("/franchises/{slug}")
@router.get("/franchises/{slug}/card.svg")
async def franchise(request: Request, given: RecordQuery, context: Context, renderer: Renderer, slug: str) -> Response:
    """Show the drafts of a franchise; any of its codes and names leads to its slug."""
    try:
        page = await outcome_service.franchise(context, slug[:MAX_TEXT], given)
    except NotFound as error:
        return render_error(request, 404, "Franchise not found", error.message)
    return _record(request, renderer, page, slug)


@router.get("/colleges")
@router.get("/colleges/card.svg")
async def colleges(request: Request, given: CollegesQuery, context: Context, renderer: Renderer) -> Response:
    """List the colleges with most selections, or those that have a name; a name that only one has leads to its page, or card image."""
    page = await outcome_service.colleges(context, given)
    if page.only:
        return _one(request, given, page.only)
    return renderer.render("pages/records.html", {"page": page}, status=422 if page.problem else 200)


@router.get("/colleges/{slug}")
@router.get("/colleges/{slug}/card.svg")
async def college(request: Request, given: RecordQuery, context: Context, renderer: Renderer, slug: str) -> Response:
    """Show what became of the players of a college; any of its spellings leads to its slug."""
    try:
        page = await outcome_service.college(context, slug[:MAX_TEXT], given)
    except NotFound as error:
        return render_error(request, 404, "College not found", error.message)
    return _record(request, renderer, page, slug)


def _one(request: Request, given: Given[FranchisesParameters] | Given[CollegesParameters], path: str) -> Response:
    """Redirect from all to the one that was chosen, which is counted like all; from an image to an image."""
    chosen = {name: text for name, text in given.texts.items() if name not in ("franchise", "q", "page")}
    if is_card(request):
        path, chosen = path + SUFFIX, {**chosen, "theme": theme_of(request)}
    return RedirectResponse(f"{path}?{urlencode(chosen)}" if chosen else path, status_code=303)


def _record(request: Request, renderer: PageRenderer, page: RecordPage, slug: str) -> Response:
    if page.slug != slug:
        query = f"?{request.url.query}" if request.url.query else ""
        # not permanent: a code may come to mean another franchise
        suffix = SUFFIX if is_card(request) else ""
        return RedirectResponse(f"{page.path}{suffix}{query}", status_code=307, headers={"Cache-Control": "no-cache"})
    return renderer.render("pages/record.html", {"page": page}, status=422 if page.problem else 200)
