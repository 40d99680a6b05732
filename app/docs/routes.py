"""/openapi.json and /docs"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.openapi import openapi_document

if TYPE_CHECKING:
    from fastapi import FastAPI

SWAGGER_UI_VERSION = "5.35.0"
STATIC_PATH = "/docs/static"
_STATIC = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)

_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Draft Queen API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STATIC_PATH}/swagger-ui.css?v={SWAGGER_UI_VERSION}">
<link rel="stylesheet" href="{STATIC_PATH}/page.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>The page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{STATIC_PATH}/swagger-ui-bundle.js?v={SWAGGER_UI_VERSION}"></script>
<script src="{STATIC_PATH}/start.js"></script>
</body>
</html>
"""


@router.get("/docs")
async def docs() -> Response:
    """The page."""
    return HTMLResponse(_PAGE, headers={"cache-control": "no-cache"})


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    """The document, made at the first request and kept as bytes: as a tree of objects it would take more than a megabyte."""
    state = request.app.state
    if getattr(state, "openapi_bytes", None) is None:
        state.openapi_bytes = msgspec.json.encode(openapi_document(request.app))
        request.app.openapi_schema = None
    return Response(state.openapi_bytes, media_type="application/json", headers={"cache-control": "no-cache"})


def install_docs(app: FastAPI) -> None:
    """Serve the page, the document and the vendored files."""
    app.mount(STATIC_PATH, StaticFiles(directory=_STATIC), name="docs-static")
    app.include_router(router)
