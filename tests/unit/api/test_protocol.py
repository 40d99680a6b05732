"""Kept answers over a real connection: the same bytes as by the long way, and the long way whenever the case is not plain."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
import uvicorn

from app.dataset_state import DatasetState, DatasetVersion
from app.http.access_log import AccessLog
from app.http.byte_cache import ByteCache
from app.http.edge import Edge
from app.http.metrics import Metrics
from app.http.protocol import STATE_KEY, KeptAnswersProtocol
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

KEPT = "/api/v1/draft-picks"
pytestmark = pytest.mark.anyio


class Known:
    """Data that do not change."""

    known = DatasetVersion("1.1", "1.1-a", {}, {}, synthetic=True)


class Service:
    """An application whose answers are kept, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.lines = io.BytesIO()
        self.log = AccessLog(enabled=True, as_json=True, stream=self.lines)
        self.edge = Edge(cache=ByteCache(10_000_000, "1"), metrics=Metrics(), access_log=self.log, release="1")
        self.edge.dataset = cast("DatasetState", Known())
        self.edge.wrap(self._answer)
        self.state: dict[str, object] = {STATE_KEY: self}
        #: Addresses that were answered without the application's task.
        self.straight: list[str] = []

    def kept(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """As the edge's own, and noted."""
        found = self.edge.kept(scope)
        if found is not None:
            self.straight.append(scope["path"])
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.edge(scope, receive, send)
            return
        await receive()
        scope["state"].update(self.state)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        if b"slow" in scope["query_string"]:
            await asyncio.sleep(0.1)
        body = b"b" * 5000
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def logged(self) -> list[str]:
        self.log.flush()
        return [json.loads(line)["cache"] for line in self.lines.getvalue().splitlines()]


@asynccontextmanager
async def serving(
    service: Service, *, limit_concurrency: int | None = None, timeout_keep_alive: int = 5
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """One connection to the service."""
    config = uvicorn.Config(
        service,
        port=0,
        http=KeptAnswersProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="on",
        limit_concurrency=limit_concurrency,
        timeout_keep_alive=timeout_keep_alive,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server offers no event
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection(*server.servers[0].sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await running


def asking(path: str = KEPT, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: test", *lines, "", "")).encode()


async def answer(reader: asyncio.StreamReader, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
    start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)  # nothing is said twice
    return int(start.split(" ")[1]), headers, b"" if head else await reader.readexactly(int(headers.get("content-length", "0")))


async def test_a_kept_answer_has_the_same_bytes() -> None:
    service = Service()
    async with serving(service) as (reader, writer):
        answers = []
        for _ in range(3):
            writer.write(asking(KEPT, "X-Request-ID: mine"))
            answers.append(await answer(reader))
    first, *others = ((status, {**headers, "date": ""}, body) for status, headers, body in answers)
    assert all(other == first for other in others)
    assert answers[2][1]["x-request-id"] == "mine"
    assert service.asked == 1
    assert service.logged() == ["miss", "hit", "hit"]


async def test_head_and_unchanged_and_fresh() -> None:
    service = Service()
    async with serving(service) as (reader, writer):
        writer.write(asking())
        _, headers, _ = await answer(reader)
        writer.write(asking(method="HEAD"))
        status, of_head, _ = await answer(reader, head=True)
        assert (status, of_head["content-length"]) == (200, "5000")
        writer.write(asking(KEPT, f"If-None-Match: {headers['etag']}"))
        assert (await answer(reader))[0] == 304
        writer.write(asking(KEPT, "Cache-Control: no-cache"))
        assert (await answer(reader))[0] == 200
    assert service.asked == 2


async def test_a_connection_that_is_to_close_closes() -> None:
    async with serving(Service()) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        writer.write(asking(KEPT, "Connection: close"))
        assert (await answer(reader))[1]["connection"] == "close"
        assert await reader.read() == b""


@pytest.mark.parametrize("first", [KEPT, f"{KEPT}?slow"])
async def test_many_requests_at_once_are_answered_in_order(first: str) -> None:
    # more than the interpreter's recursion limit: none may be answered from within another
    service = Service()
    async with serving(service) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        writer.write(asking(first, "X-Request-ID: 0") + b"".join(asking(KEPT, f"X-Request-ID: {number}") for number in range(1, 3000)))
        got = [(await answer(reader))[1]["x-request-id"] for _ in range(3000)]
    assert got == [str(number) for number in range(3000)]


async def test_a_body_that_comes_later_does_not_upset_the_connection() -> None:
    service = Service()
    async with serving(service) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        for _ in range(2):
            writer.write(asking(KEPT, "Content-Length: 4"))
            await asyncio.sleep(0.05)
            writer.write(b"body")
            assert (await answer(reader))[0] == 200
    assert service.asked == 1
    assert service.straight == []  # where a body is announced, the server's own way is taken


async def test_what_is_not_plain_takes_the_servers_own_way() -> None:
    service = Service()
    async with serving(service) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        writer.write(asking(KEPT, "Expect: 100-continue"))
        assert (await answer(reader))[0] == 200
        assert service.straight == []
        writer.write(asking())
        assert (await answer(reader))[0] == 200
        assert service.straight == [KEPT]
        writer.write(b"GET %b HTTP/1.0\r\n\r\n" % KEPT.encode())
        assert b"HTTP/1.1 200" in await reader.read()
    assert service.straight == [KEPT]


async def test_more_connections_than_allowed_are_told_so_even_when_the_answer_is_kept() -> None:
    service = Service()
    async with serving(service, limit_concurrency=2) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        host, port = writer.get_extra_info("peername")[:2]
        other_reader, other = await asyncio.open_connection(host, port)
        other.write(asking())
        assert (await answer(other_reader, head=True))[0] == 503
        other.close()
    assert service.straight == []


async def test_an_application_without_kept_answers_is_served_as_usual() -> None:
    service = Service()
    service.state = {}
    async with serving(service) as (reader, writer):
        for _ in range(2):
            writer.write(asking())
            assert (await answer(reader))[0] == 200
    assert service.straight == []


async def test_an_idle_connection_is_closed_after_a_kept_answer_too() -> None:
    async with serving(Service(), timeout_keep_alive=1) as (reader, writer):
        for _ in range(2):
            writer.write(asking())
            await answer(reader)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""


async def test_a_client_that_does_not_read_holds_only_its_own_answers_back() -> None:
    service = Service()
    async with serving(service) as (reader, writer):
        writer.write(asking())
        await answer(reader)
        for _ in range(2000):  # 10 MB of answers that nobody reads yet
            writer.write(asking())
        await asyncio.sleep(0.3)
        assert service.logged().count("hit") < 2000
        for _ in range(2000):
            assert (await answer(reader))[0] == 200
