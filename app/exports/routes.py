"""Serve GET /api/v1/exports and /api/v1/exports/{dataset}.{parquet,csv}."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from app.exports import service
from app.exports.schemas import ExportList, ExportParameters
from app.http.conditional import not_modified
from app.http.dependencies import API_PREFIX, Context, CurrentSettings, Release
from app.http.openapi import ERRORS, ITEM_ANSWERS, LIMITED
from app.http.query import NO_QUERY, QueryParameters
from app.http.rate_limits import RateLimit
from app.http.responses import json_only
from app.listing.parameters import FilterText

#: Parts as RFC 9110, 14.1.1, spells them: 0-9, 9- and -9.
_PART = r"\s*(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})\s*"
_RANGES = re.compile(rf"\s*bytes\s*={_PART}(?:,{_PART})*", re.IGNORECASE)


class ExportResponse(FileResponse):
    """A file that may be gone by now: a load removes the version before the previous one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        with service.readable(PurePath(self.path).parent):
            await super().__call__(scope, receive, send)


router = APIRouter(prefix=f"{API_PREFIX}/exports", tags=["exports"])
_FILE = {
    "description": "The file; `Range` is understood. `X-Export-Current: false` says that it is not that of the data being served yet.",
    "content": {form.partition(";")[0]: {} for form in service.MEDIA_TYPES.values()},
}


def _is_of_the_past(request: Request) -> bool:
    return "as_of" in request.query_params


@router.get("", responses=ERRORS, dependencies=[Depends(json_only), NO_QUERY], summary="List export files")
async def list_exports(context: Context, settings: CurrentSettings) -> ExportList:
    """List the files of whole data sets, and whether they have the data being served."""
    return await service.list_exports(context, settings.exports, router.prefix)


@router.get(
    "/{file}",
    response_class=Response,
    responses={
        200: _FILE,
        206: {"description": "A part of the file."},
        416: {"description": "No such part."},
        **ITEM_ANSWERS,
        **LIMITED,
    },
    dependencies=[Depends(RateLimit("exports")), Depends(RateLimit("streams", when=_is_of_the_past))],
    summary="One export file",
)
async def download_export(
    request: Request,
    context: Context,
    settings: CurrentSettings,
    release: Release,
    file: Annotated[FilterText, Path(description="Dataset and format, with - or _.", examples=["draft-picks.parquet", "combine.csv"])],
    parameters: Annotated[ExportParameters, Depends(QueryParameters(ExportParameters))],
) -> Response:
    """Download a whole data set: the rows and fields of its list.

    With `as_of`, it is made on request from the rows of then, with the same columns, and counts as a stream.
    """
    if parameters.as_of is not None:
        return await service.export_as_of(context, file, parameters.as_of)
    export = await service.find_export(context, settings.exports, file, release)
    headers = {"etag": export.etag, "cache-control": "no-cache", "x-export-current": str(export.current).lower()}
    if response := not_modified(request, export.etag, exists=True):
        return response
    ignore_strange_ranges(request)
    media_type = service.MEDIA_TYPES[export.path.suffix[1:]]
    return ExportResponse(export.path, media_type=media_type, filename=export.name, headers=headers, stat_result=export.status)


def ignore_strange_ranges(request: Request) -> None:
    """Respond with the whole file to HEAD, and to a range in an unknown unit or spelling (RFC 9110, 14.2)."""
    asked = request.headers.get("range")
    if asked is not None and (request.scope.get("head_only") or not _RANGES.fullmatch(asked) or _ends_before_it_begins(asked)):
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]


def _ends_before_it_begins(asked: str) -> bool:
    return any(first and last and int(first) > int(last) for first, last in re.findall(r"([0-9]*)-([0-9]*)", asked))
