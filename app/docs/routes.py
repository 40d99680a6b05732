"""Serve /openapi.json and /docs."""

from functools import lru_cache
from pathlib import Path

import msgspec
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response

from app.http.openapi import openapi_document
from app.http.static_files import FingerprintedFiles

assets = FingerprintedFiles(Path(__file__).parent / "static", "/docs/static")

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Draft Queen API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
<link rel="stylesheet" href="{page_style}">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>The page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{bundle}"></script>
<script src="{start}"></script>
</body>
</html>
"""


@router.get("/docs")
async def docs() -> Response:
    """Return the page."""
    page = _PAGE.format(
        style=assets.url("swagger-ui.css"),
        page_style=assets.url("page.css"),
        bundle=assets.url("swagger-ui-bundle.js"),
        start=assets.url("start.js"),
    )
    return HTMLResponse(page, headers={"cache-control": "no-cache"})


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    """Return the document."""
    return Response(_document(request.app), media_type="application/json", headers={"cache-control": "no-cache"})


@lru_cache(maxsize=1)
def _document(app: FastAPI) -> bytes:
    """Make the document at the first request and keep its bytes: as a tree of objects it would take more than a megabyte."""
    content = msgspec.json.encode(openapi_document(app))
    app.openapi_schema = None
    return content
