"""Access log lines: valid JSON whatever the client sent, harmless on a terminal, written together."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.middleware.access_log import FLUSH_AFTER, Access, AccessLog


def access(path: str = "/p", query: bytes = b"", method: str = "GET") -> Access:
    return 1_700_000_000.25, method, path, query, 200, 0.001234, "hit", "abc-1"


@pytest.mark.anyio
async def test_lines_are_written_together_after_a_moment() -> None:
    stream = io.BytesIO()
    log = AccessLog(enabled=True, as_json=True, stream=stream)
    log.add(access())
    log.add(access("/q", b"a=1"))
    assert stream.getvalue() == b""
    await asyncio.sleep(FLUSH_AFTER * 2)
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "timestamp": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "app.access",
        "event": "request",
        "method": "GET",
        "path": "/p",
        "query": "",
        "status": 200,
        "milliseconds": 1.23,
        "cache": "hit",
        "request_id": "abc-1",
    }
    assert (second["path"], second["query"]) == ("/q", "a=1")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=50), st.text('ABC"\\\n', max_size=5))
def test_a_client_cannot_break_a_line(path: str, query: bytes, method: str) -> None:
    async def written(*, as_json: bool) -> bytes:
        stream = io.BytesIO()
        log = AccessLog(enabled=True, as_json=as_json, stream=stream)
        log.add(access(path, query, method))
        log.flush()
        return stream.getvalue()

    line = asyncio.run(written(as_json=True))
    assert line.count(b"\n") == 1
    content = json.loads(line)
    assert (content["path"], content["query"], content["method"]) == (path, query.decode("latin-1"), method)
    console = asyncio.run(written(as_json=False)).decode()
    address = console.split(" ", 1)[1]
    assert all(character.isascii() and (character.isprintable() or character == "\n") for character in address)
