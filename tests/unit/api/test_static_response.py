"""Conditional requests and static files without a server."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from app.http.conditional import client_holds
from app.http.static_files import Assets, static_response


def _request(*lines: str, reuses_responses: bool = True, query: bytes = b"") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": query,
            "headers": [(b"if-none-match", line.encode()) for line in lines],
            "state": {"settings": SimpleNamespace(reuses_responses=reuses_responses)},
        }
    )


def test_every_line_of_if_none_match_counts() -> None:
    assert client_holds(_request('"other"', 'W/"current"'), '"current"')
    assert not client_holds(_request('"other"', '"another"'), '"current"')
    assert not client_holds(_request(), '"current"')
    assert not client_holds(_request('"current"', reuses_responses=False), '"current"')


def test_a_static_file_is_not_read_in_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.js").write_text("let x\n")
    assets = Assets(tmp_path)
    asset = assets.get("large.js")
    assert asset is not None

    def refuse(_path: Path) -> bytes:
        raise AssertionError("read while the response is made")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    response = static_response(_request(query=f"v={asset.fingerprint}".encode()), assets, "large.js")
    assert isinstance(response, FileResponse)
    assert response.headers["etag"] == f'"{asset.fingerprint}"'
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.media_type == "text/javascript; charset=utf-8"
