"""The response cache around an application: what it keeps, what it lets go, and which response a request gets."""

from __future__ import annotations

import io
import tracemalloc
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from app.cache.responses import ByteCache
from app.context.dataset_state import DatasetVersion
from app.middleware.access_log import AccessLog, AccessLogMiddleware
from app.middleware.metrics import Metrics, MetricsMiddleware
from app.middleware.request_id import RequestIdMiddleware
from app.middleware.response_cache import ResponseCacheMiddleware

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

PATH = "/api/v1/draft-picks"


class Known:
    """Data that do not change."""

    known = DatasetVersion("1.1", "1.1-a", {}, {}, synthetic=True)


class Nowhere(io.BytesIO):
    """Takes everything and keeps nothing."""

    def write(self, _data: object, /) -> int:
        return 0


class Asker:
    """The middleware around an application that responds to every request with its number."""

    def __init__(self, status: int = 200) -> None:
        self.passed_on = 0
        self.status = status
        self.log = AccessLog(enabled=True, as_json=True, stream=Nowhere())
        self.cache = ByteCache(10_000_000, "1")
        cached = ResponseCacheMiddleware(self._answer, cache=self.cache, prefixes=[PATH], stale_seconds=60)
        counted = MetricsMiddleware(cached, metrics=Metrics())
        self.app = RequestIdMiddleware(AccessLogMiddleware(counted, access_log=self.log), release="1")
        self.state = {"context": SimpleNamespace(dataset=Known()), "shared_cache": None}

    async def _answer(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.passed_on += 1
        body = str(self.passed_on).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def get(self, path: str = PATH, query: bytes = b"", *headers: tuple[bytes, bytes]) -> bytes:
        body = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal body
            body += message.get("body", b"")

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": list(headers), "state": self.state}
        await self.app(scope, receive, send)
        return body


@pytest.mark.anyio
async def test_an_answer_is_kept() -> None:
    asker = Asker()
    assert [await asker.get(), await asker.get(), await asker.get(query=b"limit=1")] == [b"1", b"1", b"2"]


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.anyio
async def test_long_requests_do_not_stay_in_memory(status: int) -> None:
    asker = Asker(status)
    await asker.get()
    tracemalloc.start()
    try:
        for number in range(300):
            long = f"{number:06}".encode() * 10_000
            await asker.get(PATH, b"q=" + long, (b"accept", long))
            await asker.get(f"{PATH}/{long.decode()}")
        asker.log.flush()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000


@pytest.mark.parametrize("path", [f"{PATH}?limit=1", f"{PATH}#csv", f"{PATH}?limit=1#csv"])
@pytest.mark.anyio
async def test_an_escaped_question_mark_is_part_of_the_path(path: str) -> None:
    asker = Asker()
    for query, headers in ((b"limit=1", ()), (b"", ((b"accept", b"text/csv"),)), (b"limit=1", ((b"accept", b"text/csv"),))):
        await asker.get(PATH, query, *headers)
    assert [await asker.get(path), await asker.get(path)] == [b"4", b"5"]


@pytest.mark.parametrize(
    "accept",
    [(b"application/jsonl",), (b"application/json-seq",), (b"text/html",), (b"text/csv",), (b"text/html", b"text/csv"), (b"*/*;q=0",)],
)
@pytest.mark.anyio
async def test_who_does_not_accept_json_is_not_given_the_kept_json(accept: tuple[bytes, ...]) -> None:
    asker = Asker()
    for wanted in (b"application/json", b"*/*", b"Application/JSON ; q=0.5", b"text/csv, application/json", b""):
        assert await asker.get(PATH, b"", (b"accept", wanted)) == b"1"
    assert await asker.get(PATH, b"", *((b"accept", value) for value in accept)) == b"2"


class Lost:
    """Changes of the data are not followed any more; the database itself responds, or is away."""

    known = None

    def __init__(self, version: DatasetVersion, *, away: bool, age: float = 1.0) -> None:
        self.away = away
        self._last = version, age

    def last_known(self) -> tuple[DatasetVersion, float]:
        return self._last


OTHER = DatasetVersion("2.1", "2.1-b", {}, {}, synthetic=True)


@pytest.mark.parametrize(
    ("lost", "status", "body"),
    [
        pytest.param(Lost(Known.known, away=True), 503, b"1", id="away"),
        pytest.param(Lost(Known.known, away=False), 503, b"1", id="lost a moment ago, and then a 503"),
        pytest.param(Lost(Known.known, away=False), 200, b"2", id="only the connection is lost"),
        pytest.param(Lost(Known.known, away=True, age=60), 503, b"2", id="too long ago"),
        pytest.param(Lost(OTHER, away=True), 503, b"2", id="other data were current"),
    ],
)
@pytest.mark.anyio
async def test_without_the_database_the_last_known_response_is_served(lost: Lost, status: int, body: bytes) -> None:
    asker = Asker()
    assert await asker.get() == b"1"
    asker.status = status
    asker.state = {"context": SimpleNamespace(dataset=lost), "shared_cache": None}
    assert await asker.get() == body
    assert await asker.get(PATH, b"", (b"cache-control", b"no-cache")) != b"1"
