"""One line per request, written in batches: formatting each one through the logging machinery would cost more than a cached response."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.request_id import NO_RESPONSE
from app.settings import Settings

#: Seconds that a line may wait to be written together with others.
FLUSH_AFTER = 0.2
_LONGEST_BATCH = 512
#: The text of longer URLs is not cached: a client could fill the memory with them.
LONGEST_REMEMBERED = 512


#: A request: time, method, path, query, status, seconds, cache result, request id. A plain tuple, because it is created
#: for every response, and a named tuple takes four times as long.
Access = tuple[float, str, str, bytes, int, float, str, str]


class AccessLog:
    """Collects lines and writes them together; ``flush`` writes what is waiting."""

    def __init__(self, *, enabled: bool, as_json: bool, stream: BinaryIO | None = None) -> None:
        self.enabled = enabled
        self._as_json = as_json
        self._stream = stream or sys.stderr.buffer
        self._waiting: list[Access] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, settings: Settings) -> AccessLog:
        """Return the access log according to the settings: lines have level INFO."""
        return cls(enabled=settings.log_level in ("DEBUG", "INFO"), as_json=settings.log_as_json)

    def add(self, access: Access) -> None:
        """Record one completed request."""
        self._waiting.append(access)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER, self.flush)
        elif len(self._waiting) >= _LONGEST_BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._stream.write("".join(map(_json_line if self._as_json else _console_line, waiting)).encode())
            self._stream.flush()


class AccessLogMiddleware:
    """Add a line for every request, also for one that ends without a response."""

    def __init__(self, app: ASGIApp, *, access_log: AccessLog) -> None:
        self._app = app
        self._log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it when it has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            seconds = time.perf_counter() - started
            status, cache = scope.get("status", NO_RESPONSE), scope.get("cache_result", "bypass")
            self._log.add((time.time(), scope["method"], scope["path"], scope["query_string"], status, seconds, cache, scope["request_id"]))


def _json_line(access: Access) -> str:
    at, method, path, query, status, seconds, cache, request_id = access
    second = int(at)
    short = len(path) + len(query) <= LONGEST_REMEMBERED
    request = _remembered(method, path, query) if short else _written_out(method, path, query)
    return (
        f'{{"timestamp":"{_second(second)}.{int((at - second) * 1000):03d}Z",{request},"status":{status},'
        f'"milliseconds":{int(seconds * 100_000) / 100},"cache":"{cache}","request_id":"{request_id}"}}\n'
    )


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=512)
def _remembered(method: str, path: str, query: bytes) -> str:
    return _written_out(method, path, query)


def _written_out(method: str, path: str, query: bytes) -> str:
    """Return the part of a line that is the same for equal requests, with the client's input escaped."""
    content = {
        "level": "info",
        "logger": "app.access",
        "event": "request",
        "method": method,
        "path": path,
        "query": query.decode("latin-1"),
    }
    return msgspec.json.encode(content).decode("utf-8")[1:-1]


def _console_line(access: Access) -> str:
    # client input in the URL must not reach a terminal unescaped
    at, method, path, query, status, seconds, cache, _ = access
    address = _printable(f"{path}?{query.decode('latin-1')}" if query else path)
    return f"{_second(int(at))[-8:]} {_printable(method)} {address} {status} {seconds * 1000:.1f} ms {cache}\n"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() and character.isascii() else "?" for character in text)
