"""Conditional requests and static files without a server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.types import Scope

from app.http.conditional import not_modified
from app.http.static_files import FingerprintedFiles


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
    assert not_modified(_request('"other"', 'W/"current"'), '"current"')
    assert not not_modified(_request('"other"', '"another"'), '"current"')
    assert not not_modified(_request(), '"current"')
    assert not not_modified(_request('"current"', reuses_responses=False), '"current"')


def _scope(query: str = "", *, reuses_responses: bool = True, headers: Mapping[str, str] = MappingProxyType({})) -> Scope:
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "state": {"settings": SimpleNamespace(reuses_responses=reuses_responses)},
    }


def _state() -> Scope:
    return {"state": {"settings": SimpleNamespace(reuses_responses=True)}}


@pytest.fixture
def files(tmp_path: Path) -> FingerprintedFiles:
    """A script, a program that is not for clients, and a link that leads out of the folder."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "large.js").write_text("let x\n")
    (tmp_path / "static" / "code.py").write_text("x")
    (tmp_path / "secret.css").write_text("x")
    (tmp_path / "static" / "link.css").symlink_to(tmp_path / "secret.css")
    return FingerprintedFiles(tmp_path / "static", "/static")


@pytest.mark.anyio
async def test_a_static_file_is_not_read_in_the_event_loop(files: FingerprintedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    query = files.url("large.js").partition("?")[2]

    def refuse(_path: Path) -> bytes:
        raise AssertionError("read while the response is made")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    response = await files.get_response("large.js", _scope(query))
    assert isinstance(response, FileResponse)
    assert response.headers["etag"] == f'"{query.removeprefix("v=")}"'
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.media_type == "text/javascript; charset=utf-8"


@pytest.mark.anyio
async def test_only_its_content_says_whether_a_static_file_has_changed(files: FingerprintedFiles) -> None:
    """In an image all files have the same time."""
    tag = (await files.get_response("large.js", _scope())).headers["etag"]
    for headers, status in (
        ({"if-none-match": tag}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 200),
    ):
        assert (await files.get_response("large.js", _scope(headers=headers))).status_code == status
    assert (await files.get_response("large.js", _scope(reuses_responses=False, headers={"if-none-match": tag}))).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.css", "link.css", "code.py", "", ".", "/etc/passwd", "a\0.css", "\0", "nothing.css"),
        *("x" * 300, "x" * 300 + ".css", "/".join(["x" * 200] * 30)),
    ],
)
@pytest.mark.anyio
async def test_nothing_else_is_a_static_file(files: FingerprintedFiles, name: str) -> None:
    with pytest.raises(HTTPException) as refused:
        await files.get_response(name, _scope())
    assert refused.value.status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=0-3"},
        {"range": "bytes=0-3", "if-range": '"x"'},
        {"range": "lines=0-3"},
        {"range": "bytes=5-2"},
        {"range": "bytes=100-"},
    ],
    ids=str,
)
@pytest.mark.anyio
async def test_a_static_file_is_sent_whole_whatever_range_is_requested(
    files: FingerprintedFiles, method: str, headers: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(lambda scope, receive, send: files({**scope, **_state()}, receive, send))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        response = await client.request(method, "/large.js", headers=headers)
    assert (response.status_code, response.text) == (200, "let x\n" if method == "GET" else "")
    assert (response.headers["accept-ranges"], response.headers["content-length"]) == ("none", "6")
    assert "last-modified" not in response.headers


@pytest.mark.parametrize("refusing", ["pathlib.Path.read_bytes", "starlette.staticfiles.os.stat"])
@pytest.mark.anyio
async def test_an_unreadable_file_is_not_found(files: FingerprintedFiles, monkeypatch: pytest.MonkeyPatch, refusing: str) -> None:
    def refuse(*_: object, **_options: object) -> None:
        raise PermissionError

    monkeypatch.setattr(refusing, refuse)
    with pytest.raises(HTTPException) as refused:
        await files.get_response("large.js", _scope())
    monkeypatch.undo()
    assert refused.value.status_code == 404
