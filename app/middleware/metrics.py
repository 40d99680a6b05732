"""Numbers for Prometheus. Every application has a registry of its own, so that several can live in one process."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cache.redis import RedisConnection
from app.cache.responses import ByteCache
from app.context import ServiceContext
from app.http.rate_limits import RateLimiter
from app.middleware.request_id import NO_RESPONSE
from app.middleware.response_cache import route_path

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Series:
    """Requests of one route with one outcome: how many took how long."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class Metrics(Collector):
    """What is counted per request; label values come from the routes, never from the client.

    Counting is a look-up and two additions: the client library's own counters would cost a tenth of a cached response. It is still the
    library that collects and writes them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._series: defaultdict[tuple[str, str, int, str], _Series] = defaultdict(_Series)
        self.registry.register(self)

    def observe(self, method: str, route: str, status: int, cache: str, seconds: float) -> None:
        """Count one completed request."""
        series = self._series[method if method in _KNOWN_METHODS else "other", route, status, cache]
        series.counts[bisect_left(BUCKETS, seconds)] += 1
        series.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers for a scrape."""
        requests: Counter[tuple[str, ...]] = Counter()
        results: Counter[tuple[str, ...]] = Counter()
        routes: defaultdict[str, _Series] = defaultdict(_Series)
        for (method, route, status, cache), series in self._series.items():
            number = sum(series.counts)
            requests[method, route, str(status)] += number
            results[cache,] += number
            total = routes[route]
            total.counts = [one + other for one, other in zip(total.counts, series.counts, strict=True)]
            total.seconds += series.seconds
        yield _counter("dq_http_requests", "Requests completed.", ("method", "route", "status"), requests)
        yield _counter("dq_http_cache", "Responses by what the response cache did.", ("result",), results)
        durations = HistogramMetricFamily("dq_http_request_duration_seconds", "Time from request to last byte.", labels=("route",))
        for route, total in routes.items():
            bounds = zip([*map(str, BUCKETS), "+Inf"], accumulate(total.counts), strict=True)
            durations.add_metric((route,), [(bound, float(count)) for bound, count in bounds], total.seconds)
        yield durations

    def watch(self, context: ServiceContext, cache: ByteCache, rate_limiter: RateLimiter, redis: RedisConnection | None) -> None:
        """Also report the pool, the response cache, Redis, the rate limits and the data, as they are at the time of a scrape."""
        self.registry.register(_State(context, cache, rate_limiter, redis))


class MetricsMiddleware:
    """Count every request with its route, its outcome and its duration."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when it has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            seconds = time.perf_counter() - started
            status, cache = scope.get("status", NO_RESPONSE), scope.get("cache_result", "bypass")
            self._metrics.observe(scope["method"], route_path(scope), status, cache, seconds)


def _counter(name: str, text: str, labels: tuple[str, ...], numbers: Counter[tuple[str, ...]]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


class _State(Collector):
    def __init__(self, context: ServiceContext, cache: ByteCache, rate_limiter: RateLimiter, redis: RedisConnection | None) -> None:
        self._context = context
        self._cache = cache
        self._rate_limiter = rate_limiter
        self._redis = redis

    def collect(self) -> Iterator[Metric]:
        pool = self._context.database.pool
        yield _gauge("dq_database_pool_connections", "Open connections.", "state", {"in_use": pool.checkedout(), "idle": pool.checkedin()})
        yield GaugeMetricFamily("dq_database_pool_connections_max", "Most connections this process opens.", pool.size())
        yield GaugeMetricFamily("dq_http_cache_bytes", "Bytes held by the response cache.", self._cache.bytes)
        yield GaugeMetricFamily("dq_http_cache_entries", "Responses held by the response cache.", len(self._cache))
        yield _counter("dq_http_rate_limited", "Requests refused by a rate limit, by its kind.", ("kind",), self._rate_limiter.refused)
        if self._redis is not None:
            yield GaugeMetricFamily("dq_redis_up", "1 while Redis responds.", float(self._redis.up))
            yield CounterMetricFamily("dq_redis_errors", "Commands that failed or took too long.", self._redis.errors)
        version = self._context.dataset.known
        known = 0.0 if version is None else 1.0
        yield GaugeMetricFamily("dq_dataset_known", "1 while changes of the data are being followed.", known)
        if version is not None:
            yield _gauge("dq_dataset_version", "Version of the data being served.", "dataset", version.versions)
            yield _gauge("dq_dataset_rows", "Rows being served.", "dataset", version.rows)
            yield GaugeMetricFamily("dq_dataset_synthetic", "1 when the data are made up.", float(version.synthetic))


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family
