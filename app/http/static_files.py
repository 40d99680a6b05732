"""Static files: what a page links to, and the response behind the link.

A link carries a fingerprint of the file, so a browser may keep the response for a year and still sees every other content at once. The
ETag is the fingerprint as well. Times of files say nothing: in an image all of them are the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response

from app.http.conditional import client_holds

if TYPE_CHECKING:
    from starlette.requests import Request

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file. ``modified`` is the file's modification time in nanoseconds, ``fingerprint`` the start of its SHA-256."""

    path: Path
    media_type: str
    fingerprint: str
    modified: int


class Assets:
    """The static files of one folder, which are served below ``url_path``. A file is read again after an edit."""

    def __init__(self, folder: Path, url_path: str = "/static") -> None:
        self._folder = folder.resolve()
        self._url_path = url_path
        self._known: dict[Path, Asset] = {}

    def get(self, name: str) -> Asset | None:
        """Return the file at this path below the folder; None when there is none or the path leaves the folder."""
        try:
            path = (self._folder / name).resolve()
            media_type = MEDIA_TYPES.get(path.suffix)
            if media_type is None or not path.is_relative_to(self._folder) or not path.is_file():
                return None
        except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
            return None
        modified = path.stat().st_mtime_ns
        asset = self._known.get(path)  # by the file that was found: clients can spell its name in any number of ways
        if asset is None or asset.modified != modified:
            asset = Asset(path, media_type, hashlib.sha256(path.read_bytes()).hexdigest()[:12], modified)
            self._known[path] = asset
        return asset

    def url(self, name: str) -> str:
        """Return the URL of a static file for a page.

        Raises:
            LookupError: the file does not exist, which is a mistake in a template.
        """
        asset = self.get(name)
        if asset is None:
            raise LookupError(f"there is no static file {name!r}")
        return f"{self._url_path}/{name}?v={asset.fingerprint}"


def static_response(request: Request, assets: Assets, name: str) -> Response:
    """Return a static file, or a 404; under a URL with its fingerprint it may be kept for a year."""
    asset = assets.get(name)
    if asset is None:
        return Response("File not found.\n", status_code=404, media_type="text/plain")
    etag = f'"{asset.fingerprint}"'
    fresh = request.query_params.get("v") == asset.fingerprint
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache",
        "Accept-Ranges": "none",
    }
    if client_holds(request, etag, exists=True):
        return Response(status_code=304, headers=headers)
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]  # FileResponse would send a part
    return FileResponse(asset.path, media_type=asset.media_type, headers=headers)
