"""The static files of the pages."""

from pathlib import Path

from app.http.static_files import FingerprintedFiles

STATIC_DIR = Path(__file__).parent / "static"

assets = FingerprintedFiles(STATIC_DIR, "/static")
