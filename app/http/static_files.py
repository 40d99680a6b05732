"""Static files: Starlette's, with links that carry a fingerprint of the content.

Under such a link a browser may keep the response for a year and still sees every other content at once. The ETag is the fingerprint as
well. Times of files say nothing: in an image all of them are the same.
"""

import hashlib
import os
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import Receive, Scope, Send

#: What is served; the system's own table of types differs from one machine to the next.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
YEAR = "public, max-age=31536000, immutable"


class WholeFile(FileResponse):
    """A file that is always sent whole.

    The files are small, and Starlette's ranges need the time of the file, which these responses do not have.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, whatever range the client requests."""
        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


class FingerprintedFiles(StaticFiles):
    """The static files of one folder, which are mounted at ``url_path``. A file is read again after an edit."""

    def __init__(self, folder: Path, url_path: str) -> None:
        super().__init__(directory=folder)
        self.url_path = url_path
        self._known: dict[str, tuple[int, str]] = {}  # by the file that was found: clients can spell its name in any number of ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file; metrics see all of them as one route."""
        scope["route_path"] = f"{self.url_path}/{{path:path}}"
        await super().__call__(scope, receive, send)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; one in a folder that the server may not search does not exist for clients."""
        try:
            return super().lookup_path(path)
        except PermissionError:
            return "", None

    def url(self, name: str) -> str:
        """Return the URL of a static file for a page.

        Raises:
            LookupError: the file does not exist, which is a mistake in a template.
        """
        path, found = self.lookup_path(name)
        if found is None:
            raise LookupError(f"static file {name!r} does not exist")
        return f"{self.url_path}/{name}?v={self._fingerprint(path, found)}"

    def file_response(self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200) -> Response:
        """Return the file, or a 304 outside of development; under a link with its fingerprint it may be kept for a year."""
        media_type = MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        try:
            fingerprint = self._fingerprint(str(full_path), stat_result)
        except PermissionError as error:
            raise HTTPException(404) from error
        fresh = QueryParams(scope["query_string"]).get("v") == fingerprint
        headers = {"etag": f'"{fingerprint}"', "cache-control": YEAR if fresh else "no-cache", "accept-ranges": "none"}
        response = WholeFile(full_path, status_code, headers, media_type, stat_result=stat_result)
        del response.headers["last-modified"]
        if scope["state"]["settings"].reuses_responses and self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    def _fingerprint(self, path: str, found: os.stat_result) -> str:
        """Return the start of the content's SHA-256."""
        modified, fingerprint = self._known.get(path, (0, ""))
        if modified != found.st_mtime_ns or not fingerprint:
            fingerprint = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
            self._known[path] = (found.st_mtime_ns, fingerprint)
        return fingerprint
