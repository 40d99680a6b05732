"""The outermost layer. A kept answer leaves here without the framework having been asked; everything else passes through and is counted."""

from __future__ import annotations

import itertools
import os
import re
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import structlog

from app.datasets import DATASETS
from app.db.database import DatabaseUnavailable
from app.http.accept import Accepted, accepted
from app.http.access_log import AccessLog
from app.http.byte_cache import ByteCache, Entry, Headers, header, matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.dataset_state import DatasetState, DatasetVersion
    from app.http.metrics import Metrics

log = structlog.get_logger(__name__)

#: Addresses whose answers depend on the data, the address and nothing else.
CACHED_PREFIXES = (
    *(f"/api/v1/{dataset.path}" for dataset in DATASETS.values()),
    "/api/v1/people",
    "/api/v1/franchises",
    "/api/v1/colleges",
    "/api/v1/changes",
    "/api/v1/quality/completeness",
)
NOSNIFF = (b"x-content-type-options", b"nosniff")
PAGE_SECURITY = (
    NOSNIFF,
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
)
TEMPORARY_REDIRECT: Final = 307
_READING = frozenset({"GET", "HEAD"})
#: The headers that are looked at here.
_READ = frozenset({b"if-none-match", b"accept", b"x-request-id", b"cache-control"})
#: What most programs accept: JSON, without having to read it.
_PLAIN = frozenset({b"*/*", b"application/json"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_VARIANTS: Mapping[Accepted, bytes] = {"json": b"", "csv": b"csv", "ndjson": b"ndjson", "none": b"none"}


class Wish(NamedTuple):
    """What the request's headers say that matters here."""

    request_id: str
    if_none_match: bytes | None
    variant: bytes
    fresh: bool


#: A request's wishes, the known version of the data, the key of its answer, and the answer. A plain tuple: made for every request.
Look = tuple[Wish, "DatasetVersion | None", str | None, Entry | None]


class Edge:
    """ASGI middleware around the whole application, its error handling included."""

    inner: ASGIApp

    def __init__(
        self,
        *,
        cache: ByteCache,
        metrics: Metrics,
        access_log: AccessLog,
        release: str,
        reuses_responses: bool = True,
    ) -> None:
        self._cache = cache
        self._reuses_responses = reuses_responses
        self._common: Headers = [(b"x-release", release.encode("ascii"))]
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
        started = time.perf_counter()
        method = scope["method"]
        wish, version, key, entry = self._look(scope)
        if version is None or key is None:
            exchange = Exchange(scope, send, wish, self._common)
        else:
            if entry is not None and wish.if_none_match is None:
                headers = [*entry.headers, (b"x-request-id", wish.request_id.encode("ascii"))]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": entry.body if method == "GET" else b""})
                self._record(scope, method, entry.route, 200, "hit", started, wish.request_id)
                return
            exchange = Exchange(scope, send, wish, self._common)
            etag = self._cache.etag(version.identity, key) if entry is None else entry.etag
            if await self._unchanged(exchange, entry, etag):
                self._record(scope, method, "(unchanged)", 304, "not_modified", started, wish.request_id)
                return
            exchange.etag = etag
        try:
            await self._pass_on(exchange, receive)
            if self._may_keep(exchange) and key is not None and self.dataset is not None and self.dataset.known is version:
                # only if no load came in between: its notification may arrive before the answer does
                body = exchange.kept_body or b""
                self._cache.put(key, Entry.of(exchange.sent_headers, body, exchange.etag or b"", exchange.route))
        finally:
            self._record(exchange.scope, method, exchange.route, exchange.status, exchange.cache, started, wish.request_id)

    def kept(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """The kept answer to a request as header lines and body, counted as answered; ``None`` when it is not that simple.

        For a server that can send finished bytes (:mod:`app.http.protocol`). Nothing is made here that need not be.
        """
        started = time.perf_counter()
        if not scope["path"].startswith(CACHED_PREFIXES):  # before anything is made that would have to be made again
            return None
        wish, _, _, entry = self._look(scope)
        if entry is None or wish.if_none_match is not None:
            return None
        method, request_id = scope["method"], wish.request_id
        self._record(scope, method, entry.route, 200, "hit", started, request_id)
        return b"%bx-request-id: %b\r\n" % (entry.head, request_id.encode("ascii")), entry.body if method == "GET" else b""

    def _look(self, scope: Scope) -> Look:
        """What is asked for, the version of the data that would answer, and the kept answer."""
        wish = self._wish(scope["headers"])
        path = scope["path"]
        version = self.dataset.known if self.dataset is not None else None
        if version is None or scope["method"] not in _READING or not path.startswith(CACHED_PREFIXES):
            return wish, version, None, None
        if self._cache.data != version.identity:
            self._cache.turn_to(version.identity)
        key = self._cache.key(path, scope["query_string"], wish.variant)
        return wish, version, key, None if key is None or wish.fresh else self._cache.get(key)

    def _may_keep(self, exchange: Exchange) -> bool:
        return self._reuses_responses and exchange.kept_body is not None

    async def _unchanged(self, exchange: Exchange, entry: Entry | None, etag: bytes) -> bool:
        """Whether the client holds the current answer; then it has been told so.

        A tag of ours is given with status 200 alone, so whoever holds the current one holds a good answer, kept here or not.
        """
        held = exchange.wish.if_none_match
        if held is None or not (matches(held, etag) or (entry is not None and held.strip() == b"*")):
            return False
        await exchange.not_modified(etag)
        return True

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
        accept = None
        fresh = False
        for name, value in headers:
            if name not in _READ:
                continue
            if name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b"," + value
            elif name == b"accept":
                accept = value if accept is None else accept + b"," + value
            elif name == b"x-request-id":
                if _REQUEST_ID.match(value):
                    request_id = value.decode("ascii")
            elif name == b"cache-control":
                fresh = fresh or b"no-cache" in value or b"no-store" in value
        if not self._reuses_responses:
            if_none_match, fresh = None, True
        variant = b"" if accept is None or accept in _PLAIN else _VARIANTS[accepted(accept)]
        return Wish(request_id or f"{self._id_prefix}-{next(self._ids):x}", if_none_match, variant, fresh)

    def _record(self, scope: Scope, method: str, route: str, status: int, cache: str, started: float, request_id: str) -> None:
        seconds = time.perf_counter() - started
        self._metrics.observe(method, route, status, cache, seconds)
        if self._access_log.enabled:
            self._access_log.add((time.time(), method, scope["path"], scope["query_string"], status, seconds, cache, request_id))


class Exchange:
    """A request that is passed on, and what has been answered so far."""

    __slots__ = ("_common", "_head", "_send", "cache", "complete", "etag", "kept_body", "scope", "sent_headers", "status", "wish")

    def __init__(self, scope: Scope, send: Send, wish: Wish, common: Headers) -> None:
        self.scope = scope
        self.wish = wish
        self.status = 499  # until an answer starts: the client left, or the application failed without one
        self.cache = "bypass"
        self.etag: bytes | None = None  # set when the answer may be kept
        self.kept_body: bytes | None = None
        self.sent_headers: Headers = []
        self.complete = False
        self._send = send
        self._common = common
        self._head = scope["method"] == "HEAD"

    @property
    def route(self) -> str:
        """The template of the route, so that metrics do not grow with addresses."""
        route = self.scope.get("route")
        return str(getattr(route, "path_format", None) or getattr(route, "path", "unmatched"))

    async def not_modified(self, etag: bytes) -> None:
        """Tell the client that what it holds is still right."""
        self.status = 304
        headers = [(b"etag", etag), (b"cache-control", b"no-cache"), (b"vary", b"Accept"), NOSNIFF, *self._common, self._request_id]
        await self._send({"type": "http.response.start", "status": 304, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})
        self.complete = True

    async def send(self, message: Message) -> None:
        """What the application sends passes through here."""
        if message["type"] == "http.response.start":
            await self._start(message["status"], list(message.get("headers", ())))
        elif not self.complete:
            more = message.get("more_body", False)
            if self.cache == "miss" and self.status == 200 and not more and header(self.sent_headers, b"content-length") is not None:
                self.kept_body = message.get("body", b"")
            if self._head:
                message = {"type": "http.response.body", "body": b"", "more_body": more}
            self.complete = not more
            await self._send(message)

    async def _start(self, status: int, headers: Headers) -> None:
        """The start of an answer with our headers, or a whole 304 when ``If-None-Match: *`` finds that there is an answer."""
        self.status = status
        if status == TEMPORARY_REDIRECT:
            headers = [(name, _within_this_site(value) if name == b"location" else value) for name, value in headers]
        if self.etag is not None:
            self.cache = "miss"
            if status == 200:
                if self.wish.if_none_match is not None and self.wish.if_none_match.strip() == b"*":
                    await self.not_modified(self.etag)
                    return
                headers += [(b"etag", self.etag), (b"cache-control", b"no-cache")]
        self.sent_headers = [*with_security(headers), *self._common]
        await self._send({"type": "http.response.start", "status": status, "headers": [*self.sent_headers, self._request_id]})

    @property
    def _request_id(self) -> tuple[bytes, bytes]:
        return b"x-request-id", self.wish.request_id.encode("ascii")


def _within_this_site(location: bytes) -> bytes:
    """The address without scheme and host.

    The framework leads from an address with a slash too many to the one without it, under the scheme and the host that it sees itself:
    behind a proxy these are not the ones that the client uses.
    """
    parts = urlsplit(location)
    return location if parts.path.startswith(b"//") else urlunsplit((b"", b"", parts.path, parts.query, b""))


def with_security(headers: Headers) -> Headers:
    """The headers with those that keep a browser safe, unless a page has set its own. Data only need to stay data."""
    kind = header(headers, b"content-type") or b""
    wanted = PAGE_SECURITY if kind.startswith(b"text/html") else (NOSNIFF,)
    present = {name for name, _ in headers}
    return [*headers, *(pair for pair in wanted if pair[0] not in present)]
