"""The files under ``static/``: what a page links to, and the bytes behind the link.

A link carries a fingerprint of the file, so a browser may keep the answer for ever and still sees every edit at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

STATIC_DIR = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file. ``modified`` is the file's modification time in nanoseconds, ``fingerprint`` the start of its SHA-256."""

    body: bytes
    media_type: str
    fingerprint: str
    modified: int


class Assets:
    """The static files of one folder, read when first asked for and again after an edit; 100 kB in all."""

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        self._folder = folder.resolve()
        self._known: dict[Path, Asset] = {}

    def get(self, name: str) -> Asset | None:
        """The file at this path below the folder; None when there is none or the path leaves the folder."""
        try:
            path = (self._folder / name).resolve()
            media_type = MEDIA_TYPES.get(path.suffix)
            if media_type is None or not path.is_relative_to(self._folder) or not path.is_file():
                return None
        except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
            return None
        modified = path.stat().st_mtime_ns
        asset = self._known.get(path)  # by what is found: one file has as many names as somebody cares to think of
        if asset is None or asset.modified != modified:
            body = path.read_bytes()
            asset = Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12], modified)
            self._known[path] = asset
        return asset

    def url(self, name: str) -> str:
        """The address of a static file for a page; a file that does not exist is a mistake in a template and raises ``LookupError``."""
        asset = self.get(name)
        if asset is None:
            raise LookupError(f"there is no static file {name!r}")
        return f"/static/{name}?v={asset.fingerprint}"


assets = Assets()
