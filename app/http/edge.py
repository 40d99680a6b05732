"""The outermost layer. A kept answer leaves here without the framework having been asked; everything else passes through and is counted."""

from __future__ import annotations

import itertools
import os
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import structlog

from app.db.database import DatabaseUnavailable
from app.http.access_log import Access, AccessLog
from app.http.byte_cache import ByteCache, Entry, Headers, header, matches

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.dataset_state import DatasetState
    from app.http.metrics import Metrics

log = structlog.get_logger(__name__)

#: Addresses whose answers depend on the data, the address and nothing else.
CACHED_PREFIXES = (
    "/api/v1/draft-picks",
    "/api/v1/combine",
    "/api/v1/people",
    "/api/v1/franchises",
    "/api/v1/colleges",
    "/api/v1/changes",
    "/api/v1/quality/completeness",
)
SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
]
_SECURITY_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_JSON_TYPES = (b"*/*", b"application/json", b"application/*")


@lru_cache(maxsize=256)
def _variant(accept: bytes) -> bytes:
    """What of an ``Accept`` header decides which of several answers an address gives: nothing when JSON will do."""
    return b"" if any(each in accept for each in _JSON_TYPES) else accept


class Wish(NamedTuple):
    """What the request's headers say that matters here."""

    request_id: str
    if_none_match: bytes | None
    variant: bytes
    fresh: bool


class Edge:
    """ASGI middleware around the whole application, its error handling included."""

    inner: ASGIApp

    def __init__(self, *, cache: ByteCache, metrics: Metrics, access_log: AccessLog) -> None:
        self._cache = cache
        self._metrics = metrics
        self._access_log = access_log
        self._ids = itertools.count(1)
        self._id_prefix = os.urandom(4).hex()
        self.dataset: DatasetState | None = None

    def wrap(self, app: ASGIApp) -> None:
        """Put this layer around ``app``."""
        self.inner = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or pass the request on and keep the answer."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        exchange = Exchange(scope, send, self._wish(scope["headers"]))
        try:
            await self._answer(exchange, receive)
        finally:
            self._record(exchange)

    async def _answer(self, exchange: Exchange, receive: Receive) -> None:
        scope, wish = exchange.scope, exchange.wish
        version = self.dataset.known if self.dataset is not None else None
        if version is None or scope["method"] not in ("GET", "HEAD") or not scope["path"].startswith(CACHED_PREFIXES):
            await self._pass_on(exchange, receive)
            return
        key = self._cache.key(scope["path"], scope["query_string"], wish.variant)
        entry = None if wish.fresh else self._cache.get(key)
        etag = self._cache.etag(version.tag, key) if entry is None else entry.etag
        # a tag of ours is given with status 200 alone: whoever holds the current one holds a good answer
        if wish.if_none_match is not None and (matches(wish.if_none_match, etag) or (entry is not None and wish.if_none_match == b"*")):
            await exchange.not_modified(etag)
        elif entry is not None:
            await exchange.kept(entry)
        else:
            exchange.etag = etag
            exchange.keep = True
            await self._pass_on(exchange, receive)
            # only if no load came in between: its notification may arrive before the answer does
            if exchange.kept_body is not None and self.dataset is not None and self.dataset.known is version:
                self._cache.put(key, Entry(exchange.sent_headers, exchange.kept_body, etag, exchange.route))

    async def _pass_on(self, exchange: Exchange, receive: Receive) -> None:
        scope = exchange.scope
        scope["request_id"] = exchange.wish.request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=exchange.wish.request_id)
        if scope["method"] == "HEAD":
            # every route that answers GET answers HEAD: the body is made (or, by a stream, skipped) and not sent
            scope = exchange.scope = {**scope, "method": "GET", "head_only": True}
        try:
            await self.inner(scope, receive, exchange.send)
        except DatabaseUnavailable as error:
            # in the middle of a stream: no status can be sent any more; returning unfinished makes the server break off
            log.warning("stream broken off", path=scope["path"], cause=repr(error.__cause__ or error))
        except Exception:
            if not exchange.complete:
                raise
            # an answer was sent and the traceback logged where the error was handled

    def _wish(self, headers: Headers) -> Wish:
        request_id = ""
        if_none_match = None
        variant = b""
        fresh = False
        for name, value in headers:
            if name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b"," + value
            elif name == b"accept":
                variant = _variant(value)
            elif name == b"x-request-id":
                if _REQUEST_ID.match(value):
                    request_id = value.decode("ascii")
            elif name == b"cache-control":
                fresh = b"no-cache" in value or b"no-store" in value
        return Wish(request_id or f"{self._id_prefix}-{next(self._ids):x}", if_none_match, variant, fresh)

    def _record(self, exchange: Exchange) -> None:
        scope, seconds = exchange.scope, time.perf_counter() - exchange.started
        method = "HEAD" if "head_only" in scope else scope["method"]
        self._metrics.observe(method, exchange.route, exchange.status, exchange.cache, seconds)
        if self._access_log.enabled:
            self._access_log.add(
                Access(
                    time.time(),
                    method,
                    scope["path"],
                    scope["query_string"],
                    exchange.status,
                    seconds * 1000,
                    exchange.cache,
                    exchange.wish.request_id,
                )
            )


class Exchange:
    """One request and what has been answered so far."""

    __slots__ = ("_head", "_send", "cache", "complete", "etag", "keep", "kept_body", "route_of_entry", "scope", "sent_headers", "started",
                 "status", "wish")  # fmt: skip

    def __init__(self, scope: Scope, send: Send, wish: Wish) -> None:
        self.scope = scope
        self.wish = wish
        self.started = time.perf_counter()
        self.status = 499  # until an answer starts: the client left, or the application failed without one
        self.cache = "bypass"
        self.etag: bytes | None = None
        self.keep = False
        self.kept_body: bytes | None = None
        self.sent_headers: Headers = []
        self.complete = False
        self.route_of_entry: str | None = None
        self._send = send
        self._head = scope["method"] == "HEAD"

    @property
    def route(self) -> str:
        """The template of the route, so that metrics do not grow with addresses."""
        if self.route_of_entry is not None:
            return self.route_of_entry
        route = self.scope.get("route")
        return str(getattr(route, "path_format", None) or getattr(route, "path", "unmatched"))

    async def kept(self, entry: Entry) -> None:
        """Answer with an entry of the cache."""
        self.cache, self.status, self.route_of_entry = "hit", 200, entry.route
        headers = [*entry.headers, (b"x-request-id", self.wish.request_id.encode("ascii"))]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self._head else entry.body})
        self.complete = True

    async def not_modified(self, etag: bytes) -> None:
        """Tell the client that what it holds is still right."""
        self.cache, self.status, self.route_of_entry = "not_modified", 304, "(unchanged)"
        headers = [(b"etag", etag), (b"cache-control", b"no-cache"), (b"vary", b"Accept"), *SECURITY_HEADERS]
        headers.append((b"x-request-id", self.wish.request_id.encode("ascii")))
        await self._send({"type": "http.response.start", "status": 304, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})
        self.complete = True

    async def send(self, message: Message) -> None:
        """What the application sends passes through here."""
        if message["type"] == "http.response.start":
            started = await self._start(message)
            if started is None:
                return
            message = started
        elif self.status == 304 and self.cache == "not_modified":
            return
        else:
            more = message.get("more_body", False)
            if self.keep and self.status == 200 and not more and header(self.sent_headers, b"content-length") is not None:
                self.kept_body = message.get("body", b"")
            if self._head:
                message = {"type": "http.response.body", "body": b"", "more_body": more}
            self.complete = not more
        await self._send(message)

    async def _start(self, message: Message) -> Message | None:
        """The start of an answer with our headers; nothing when ``If-None-Match: *`` turned it into a 304."""
        self.status = message["status"]
        headers: Headers = list(message.get("headers", ()))
        if self.keep:
            self.cache = "miss"
            if self.status == 200 and self.etag is not None:
                if self.wish.if_none_match is not None and self.wish.if_none_match.strip() == b"*":
                    await self.not_modified(self.etag)
                    return None
                headers += [(b"etag", self.etag), (b"cache-control", b"no-cache")]
        present = {name for name, _ in headers}
        headers += [pair for pair in SECURITY_HEADERS if pair[0] not in present] if present & _SECURITY_NAMES else SECURITY_HEADERS
        self.sent_headers = headers
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": [*headers, (b"x-request-id", self.wish.request_id.encode("ascii"))],
        }
