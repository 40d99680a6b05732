"""Validators for responses that depend on the data alone, and the responses themselves from memory.

While the database is away, what was current when it was last heard of is sent for a limited time, marked as stale.
Every request that gets past this layer costs about a millisecond of processor time; a response from memory costs less than a tenth of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.cache.responses import ByteCache, Entry, Headers, header
from app.cache.shared import SharedCache
from app.context.dataset_state import DatasetState, DatasetVersion
from app.http.accept import Accepted, accepted
from app.http.conditional import matches
from app.middleware.security_headers import DATA_HEADERS

SERVICE_UNAVAILABLE: Final = 503
_READING: Final = frozenset({"GET", "HEAD"})
#: The request headers that are looked at here.
_READ: Final = frozenset({b"if-none-match", b"accept", b"cache-control"})
#: What most programs accept: JSON, without having to parse it.
_PLAIN: Final = frozenset({b"*/*", b"application/json"})
_EVENTS: Final = b"events"
_VARIANTS: Mapping[Accepted, bytes] = {"json": b"", "csv": b"csv", "ndjson": b"ndjson", "events": _EVENTS, "none": b"none"}


#: What the headers of a request say about caching: the tags that the client holds, the format, and whether it wants a new response.
#: A plain tuple: this is made for every request.
RequestHints = tuple[bytes | None, bytes, bool]


class ResponseCacheMiddleware:
    """Tag, validate and reuse responses below ``prefixes``, for one version of the data at a time.

    For metrics and access log, ``scope["cache_result"]`` says what happened, and ``scope["route_path"]`` which route a reused response
    belongs to.
    """

    def __init__(
        self, app: ASGIApp, *, cache: ByteCache, prefixes: Sequence[str], reuses_responses: bool = True, stale_seconds: float = 0
    ) -> None:
        self._app = app
        self._cache = cache
        self._prefixes = tuple(prefixes)
        self._reuses_responses = reuses_responses
        self._stale_seconds = stale_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond from the cache or with a 304, or pass the request on and keep its response."""
        if scope["type"] != "http" or scope["method"] not in _READING or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        dataset: DatasetState = scope["state"]["context"].dataset
        version = dataset.known
        held, variant, fresh = self._hints(scope["headers"])
        # events go on after the version that they began with
        key = None if variant == _EVENTS else self._cache.key(scope["path"], scope["query_string"], variant)
        if key is None:
            await self._app(scope, receive, send)
            return
        if version is None:
            stale = None if fresh else self._stale(dataset, key, held)
            if stale is None:
                await self._app(scope, receive, send)
            elif dataset.away:
                await stale.send(scope, send)
            else:
                await self._app(scope, receive, StaleIfUnavailable(scope, send, stale).send)
            return
        if self._cache.data != version.identity:
            self._cache.switch_to(version.identity)
        entry = None if fresh else self._cache.get(key)
        if entry is not None and held is None:
            await _send_entry(scope, send, entry)
            return
        tag = self._cache.etag(version.identity, key) if entry is None else entry.etag
        if held is not None and matches(held, tag):
            # A tag is sent with status 200 alone, so a client that holds the current one holds a good response.
            await _send_not_modified(scope, send, tag)
            return
        result = "hit"
        if entry is None and not fresh:
            entry, result = await self._shared(key, version, dataset, scope), "shared_hit"
        unconditional = held is None or held.strip() != b"*"
        if entry is None:
            recorder = ResponseRecorder(scope, send, tag, unconditional=unconditional)
            started = time.perf_counter()
            await self._app(scope, receive, recorder.send)
            self._keep(key, recorder, version, dataset, time.perf_counter() - started)
        elif unconditional:
            await _send_entry(scope, send, entry, result=result)
        else:
            await _send_not_modified(scope, send, tag)

    def _hints(self, headers: Headers) -> RequestHints:
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
            else:
                fresh = fresh or b"no-cache" in value or b"no-store" in value
        if not self._reuses_responses:
            if_none_match, fresh = None, True
        variant = b"" if accept is None or accept in _PLAIN else _VARIANTS[accepted(accept)]
        return if_none_match, variant, fresh

    def _stale(self, dataset: DatasetState, key: str, held: bytes | None) -> StaleResponse | None:
        """Return what was current when the database was last heard of, if that is not too long ago and the response is at hand."""
        last = dataset.last_known()
        if last is None or last[1] >= self._stale_seconds or self._cache.data != last[0].identity:
            return None
        tag = self._cache.etag(last[0].identity, key)
        entry = self._cache.get(key)
        if held is not None and (matches(held, tag) or (entry is not None and held.strip() == b"*")):
            return StaleResponse(None, tag, last[1])
        return None if entry is None else StaleResponse(entry, tag, last[1])

    async def _shared(self, key: str, version: DatasetVersion, dataset: DatasetState, scope: Scope) -> Entry | None:
        """Return the response from the second level, and keep it in the first one."""
        shared: SharedCache | None = scope["state"]["shared_cache"]
        entry = None if shared is None else await shared.get(version.identity, key)
        if entry is not None and dataset.known is version:
            self._cache.put(key, entry)
        return entry

    def _keep(self, key: str, recorder: ResponseRecorder, version: DatasetVersion, dataset: DatasetState, seconds: float) -> None:
        """Keep the response, unless the data have changed meanwhile: the notification may arrive before the response does."""
        if self._reuses_responses and recorder.body is not None and dataset.known is version:
            entry = Entry(recorder.headers, recorder.body, recorder.tag, route_path(recorder.scope))
            self._cache.put(key, entry)
            shared: SharedCache | None = recorder.scope["state"]["shared_cache"]
            if shared is not None:
                shared.put(version.identity, key, entry, seconds)


class StaleResponse(NamedTuple):
    """A response of the last known version; without an ``entry`` the client holds it already. ``age`` in seconds."""

    entry: Entry | None
    tag: bytes
    age: float

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it, marked as stale (RFC 9211: a negative time to live)."""
        mark = (b"cache-status", b'draft-queen; hit; ttl=-%d; detail="database unavailable"' % self.age)
        if self.entry is None:
            await _send_not_modified(scope, send, self.tag, mark)
        else:
            await _send_entry(scope, send, self.entry, mark)
        scope["cache_result"] = "stale"


class StaleIfUnavailable:
    """Pass the application's response on, or send the stale one in place of a 503."""

    def __init__(self, scope: Scope, send: Send, stale: StaleResponse) -> None:
        self._scope = scope
        self._send = send
        self._stale = stale
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, unless its response is replaced."""
        if message["type"] == "http.response.start" and message["status"] == SERVICE_UNAVAILABLE:
            self._replaced = True
            await self._stale.send(self._scope, self._send)
        elif not self._replaced:
            await self._send(message)


class ResponseRecorder:
    """Send a response with its tag, and record it when it is complete in one message."""

    __slots__ = ("_complete", "_send", "_unconditional", "body", "headers", "scope", "tag")

    def __init__(self, scope: Scope, send: Send, tag: bytes, *, unconditional: bool) -> None:
        self.scope = scope
        self.tag = tag
        self.headers: Headers = []
        self.body: bytes | None = None
        self._send = send
        self._unconditional = unconditional
        self._complete = False

    async def send(self, message: Message) -> None:
        """Pass a message of the application on."""
        if message["type"] == "http.response.start":
            self.scope["cache_result"] = "miss"
            if message["status"] == 200:
                if not self._unconditional:  # If-None-Match: * wants to know only whether there is a response
                    self._complete = True
                    await _send_not_modified(self.scope, self._send, self.tag)
                    return
                self.headers = [*message["headers"], (b"etag", self.tag), (b"cache-control", b"no-cache")]
                message["headers"] = self.headers.copy()  # middleware around this one adds to the list
        elif self._complete:
            return
        elif self.headers and not message.get("more_body", False) and header(self.headers, b"content-length") is not None:
            self.body = message.get("body", b"")
        await self._send(message)


def route_path(scope: Scope) -> str:
    """Return the template of the request's route: metrics must not grow with the number of URLs."""
    known: str | None = scope.get("route_path")
    if known is not None:
        return known
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", "unmatched"))


async def _send_entry(scope: Scope, send: Send, entry: Entry, *more: tuple[bytes, bytes], result: str = "hit") -> None:
    scope["cache_result"] = result
    scope["route_path"] = entry.route
    await send({"type": "http.response.start", "status": 200, "headers": [*entry.headers, *more]})
    await send({"type": "http.response.body", "body": entry.body if scope["method"] == "GET" else b""})


async def _send_not_modified(scope: Scope, send: Send, tag: bytes, *more: tuple[bytes, bytes]) -> None:
    scope["cache_result"] = "not_modified"
    scope["route_path"] = "(unchanged)"
    headers = [(b"etag", tag), (b"cache-control", b"no-cache"), (b"vary", b"Accept"), *DATA_HEADERS, *more]
    await send({"type": "http.response.start", "status": 304, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
