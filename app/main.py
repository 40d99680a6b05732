"""The HTTP application: what is mounted where, in which order the middleware runs, and what is open while it serves."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware import Middleware
from starlette.types import Message

from app.aggregates.routes import router as aggregates
from app.athletics.routes import router as athletics
from app.cache.redis import RedisConnection
from app.cache.responses import ByteCache
from app.cache.shared import SharedCache
from app.changes.routes import router as changes
from app.colleges.routes import router as colleges
from app.combine.routes import router as combine
from app.context import ServiceContext
from app.datasets import DATASETS
from app.datasets.prospects import PROSPECTS
from app.db.engine import create_engine
from app.docs.routes import assets as docs_files
from app.docs.routes import router as docs
from app.draft_picks.routes import router as draft_picks
from app.errors.handlers import install_error_handlers, on_crash, on_http, with_pages
from app.etl_runs.routes import router as etl_runs
from app.exports.routes import router as exports
from app.franchises.routes import router as franchises
from app.health.metrics import router as metrics_router
from app.health.routes import router as health
from app.history.routes import router as history
from app.http.dependencies import API_PREFIX
from app.http.openapi import DESCRIPTION, TAGS
from app.http.rate_limits import RateLimiter
from app.http.state import AppState
from app.identity.routes import ids as person_ids
from app.identity.routes import router as identity
from app.middleware.access_log import AccessLog, AccessLogMiddleware
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.cross_origin import cross_origin
from app.middleware.failures import FailuresMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.metrics import Metrics, MetricsMiddleware
from app.middleware.relative_redirects import RelativeRedirectsMiddleware
from app.middleware.request_id import LogContextMiddleware, RequestIdMiddleware
from app.middleware.response_cache import ResponseCacheMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.people.routes import router as people
from app.pick_values.routes import router as pick_values
from app.quality.routes import router as quality
from app.records.routes import router as records
from app.settings import Settings, get_settings
from app.settings.database import configured_dsn
from app.settings.release import release_of
from app.trades.routes import router as trades
from app.value.routes import router as value
from app.web.assets import assets as web_files
from app.web.dependencies import EarlyResponse, send_early
from app.web.errors import error_page
from app.web.routes import router as pages

#: Their responses depend on the data, the URL and nothing else, so they are cached.
CACHED_ROUTERS = (people, franchises, colleges, changes, aggregates, identity, person_ids)
CACHED_PREFIXES = (
    *(f"{API_PREFIX}/{dataset.path}" for dataset in (*DATASETS.values(), PROSPECTS)),
    *(router.prefix for router in CACHED_ROUTERS),
    f"{quality.prefix}/completeness",
    f"{API_PREFIX}/analytics",
    f"{API_PREFIX}/compare",
)
#: Requested once before the first client is served: the framework builds its routers at the first request, which costs 0.1 s.
_WARM_UP = ("/health", f"{API_PREFIX}/draft-picks?limit=1", f"{API_PREFIX}/nothing", "/")

if TYPE_CHECKING:
    app: FastAPI
else:
    # The application is created when a server looks up ``app.main:app``: importing this module reads no settings.

    def __getattr__(name: str) -> FastAPI:
        """Return the application as the attribute ``app``, for ``uvicorn app.main:app`` and ``fastapi dev``."""
        if name == "app":
            return create_app()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Name ``app`` too: ``fastapi dev app/main.py`` searches for it."""
        return [*globals(), "app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the application for these settings. It opens nothing before its lifespan starts."""
    settings = settings or get_settings()
    release = release_of(settings)
    cache = ByteCache(settings.cache_size_mb * 1024 * 1024, release)
    metrics = Metrics()
    access_log = AccessLog.of(settings)
    app = FastAPI(
        title="Draft Queen",
        version=_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan(settings, release, cache, metrics, access_log),
        middleware=_middleware(settings, release, cache, metrics, access_log),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # /metrics is ours; the framework's own looks for three providers at every request
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install_error_handlers(app, page=error_page, cures=not settings.is_production)
    app.add_exception_handler(EarlyResponse, send_early)
    for router in (
        draft_picks,
        combine,
        *CACHED_ROUTERS,
        exports,
        quality,
        etl_runs,
        records,
        trades,
        pick_values,
        athletics,
        history,
        value,
    ):
        app.include_router(router)
    for router in (health, metrics_router, docs, pages):
        app.include_router(router)
    for files in (web_files, docs_files):
        app.mount(files.url_path, files)
    return app


def _version() -> str:
    try:
        return version("draft-queen")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0"


def _middleware(settings: Settings, release: str, cache: ByteCache, metrics: Metrics, access_log: AccessLog) -> list[Middleware]:
    """Return the middleware, the outermost first. What is inside the response cache costs a reused response nothing."""
    return [
        Middleware(RequestIdMiddleware, release=release),
        *([Middleware(AccessLogMiddleware, access_log=access_log)] if access_log.enabled else []),
        Middleware(MetricsMiddleware, metrics=metrics),
        *cross_origin(settings.allowed_origins),
        Middleware(
            ResponseCacheMiddleware,
            cache=cache,
            prefixes=CACHED_PREFIXES,
            reuses_responses=settings.reuses_responses,
            stale_seconds=settings.stale_seconds,
        ),
        Middleware(LogContextMiddleware),
        Middleware(SecurityHeadersMiddleware),
        Middleware(BodyLimitMiddleware, refuse=with_pages(on_http, error_page)),
        Middleware(RelativeRedirectsMiddleware),
        Middleware(HeadMiddleware),
        Middleware(FailuresMiddleware, handler=with_pages(on_crash, error_page)),
    ]


def _lifespan(
    settings: Settings, release: str, response_cache: ByteCache, metrics: Metrics, access_log: AccessLog
) -> Callable[[FastAPI], AbstractAsyncContextManager[AppState]]:
    """Return the lifespan of one application; what it yields is the state of each request."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[AppState]:
        """Open the engine, the listener for changes and the connection to Redis; close them when the server stops."""
        async with AsyncExitStack() as stack:
            engine = create_engine(
                await stack.enter_async_context(contextmanager_in_threadpool(configured_dsn(settings))),
                max_size=settings.database_pool_size + 1,  # one connection listens for changes
                application_name="draft-queen api",
                statement_timeout=settings.database_statement_timeout_seconds,
            )
            stack.push_async_callback(engine.dispose)
            context = await stack.enter_async_context(ServiceContext.following(engine))
            context.dataset.on_change(lambda _version: response_cache.clear())
            redis = await _redis(settings, stack)
            shared_cache = None
            if redis is not None and settings.reuses_responses:
                shared_cache = SharedCache(redis, release, context.dataset.is_current)
                stack.callback(shared_cache.close)
            rate_limiter = RateLimiter.of(settings, redis)
            metrics.watch(context, response_cache, rate_limiter, redis)
            stack.callback(access_log.flush)
            state = AppState(
                settings=settings,
                release=release,
                context=context,
                redis=redis,
                shared_cache=shared_cache,
                rate_limiter=rate_limiter,
                registry=metrics.registry,
                draining=asyncio.Event(),
            )
            if not settings.hot_reload:  # after an edit, the developer waits for one response, not for the first of every kind
                await _warm_up(app, state)
            yield state

    return lifespan


async def _redis(settings: Settings, stack: AsyncExitStack) -> RedisConnection | None:
    """Return the connection to Redis, where the settings name one."""
    if settings.redis_url is None:
        return None
    from app.cache.redis import RedisConnection  # its client takes a tenth of a second to import

    return await stack.enter_async_context(RedisConnection.open(settings.redis_url))


async def _warm_up(app: FastAPI, state: AppState) -> None:
    """Make the first client's request as fast as the next one's. The middleware is left out: these requests are not a client's."""
    routes = AsyncExitStackMiddleware(app.router)
    for url in _WARM_UP:
        path, _, query = url.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": [(b"host", b"localhost")],
            "client": None, "server": None, "app": app, "state": dict(state),
        }  # fmt: skip
        with suppress(Exception):  # a database that is away is not a reason not to start; the first client gets the error
            await routes(scope, _no_body, _discard)
    gc.collect()
    gc.freeze()


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _discard(_message: Message) -> None:
    pass
