"""The small middleware: HEAD, redirects, failures, request IDs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.db.database import DatabaseUnavailable
from app.errors.handlers import ProblemResponse, install_error_handlers
from app.middleware.failures import FailuresMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.relative_redirects import RelativeRedirectsMiddleware
from app.middleware.request_id import RequestIdMiddleware

pytestmark = pytest.mark.anyio


def no_page(_request: Request, _problem: ProblemResponse) -> None:
    """Every client is a program."""


async def _crashed(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"crashed: {error}", status_code=500)


def application() -> FastAPI:
    """Routes that respond and crash, inside the middleware."""
    app = FastAPI(
        middleware=[
            Middleware(RequestIdMiddleware, release="1"),
            Middleware(RelativeRedirectsMiddleware),
            Middleware(HeadMiddleware),
            Middleware(FailuresMiddleware, handler=_crashed),
        ]
    )

    @app.get("/method")
    async def method(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.method} {request.scope.get('head_only', False)}")

    @app.get("/crash")
    async def crash() -> None:
        raise ValueError("a defect")

    return app


async def get(path: str, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside:8000") as client:
        return await client.request(method, path, headers=headers)


async def test_head_is_routed_as_get() -> None:
    response = await get("/method", "HEAD")
    assert (response.status_code, response.headers["content-length"]) == (200, str(len("GET True")))


async def test_a_redirect_stays_on_the_clients_host() -> None:
    assert (await get("/method/?a=1")).headers["location"] == "/method?a=1"


async def test_the_response_to_a_defect_passes_through_the_other_middleware() -> None:
    response = await get("/crash", **{"x-request-id": "mine"})
    assert (response.status_code, response.text) == (500, "crashed: a defect")
    assert (response.headers["x-request-id"], response.headers["x-release"]) == ("mine", "1")


async def test_a_stream_that_loses_the_database_is_broken_off_without_a_second_response() -> None:
    sent: list[Message] = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise DatabaseUnavailable("gone")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await FailuresMiddleware(stream, handler=_crashed)({"type": "http", "path": "/"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), ValueError("a defect")], ids=lambda error: type(error).__name__)
async def test_a_stream_of_a_route_is_broken_off_when_the_database_is_gone(error: Exception) -> None:
    app = FastAPI(middleware=[Middleware(FailuresMiddleware, handler=_crashed)])
    install_error_handlers(app, page=no_page)

    async def lines() -> AsyncIterator[bytes]:
        yield b"one line\n"
        raise error

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(lines())

    sent: list[Message] = []

    async def receive() -> Message:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": "/stream",
        "query_string": b"",
        "headers": [],
        "root_path": "",
        "state": {},
    }
    if isinstance(error, DatabaseUnavailable):
        await app(scope, receive, send)
    else:  # a defect is still logged by the server
        with pytest.raises(ValueError, match="a defect"):
            await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
