"""The HTTP application."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI

from app.cache import create_cache
from app.changes.routes import router as changes
from app.colleges.routes import router as colleges
from app.combine.routes import router as combine
from app.context import ServiceContext
from app.db.pool import create_pool
from app.docs.routes import install_docs
from app.draft_picks.routes import router as draft_picks
from app.errors import install_error_handlers
from app.etl_runs.routes import router as etl_runs
from app.exports.routes import router as exports
from app.franchises.routes import router as franchises
from app.health.routes import router as health
from app.http.access_log import AccessLog
from app.http.byte_cache import ByteCache
from app.http.cross_origin import allow_origins
from app.http.dependencies import API_PREFIX
from app.http.edge import Edge
from app.http.metrics import Metrics
from app.http.protocol import STATE_KEY
from app.http.routes import router as metrics_router
from app.openapi import DESCRIPTION, TAGS
from app.people.routes import router as people
from app.quality.routes import router as quality
from app.release import release_of
from app.settings import Settings, get_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

#: Requested once before the first client is served: the framework builds its routers at the first request, which costs 0.1 s.
_WARM_UP = ("/health", f"{API_PREFIX}/draft-picks?limit=1", f"{API_PREFIX}/nothing", "/")


class DraftQueen(FastAPI):
    """FastAPI inside our outermost layer, so that even the answer to a crash gets its headers and is counted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Straight to our layer once there is one: two calls less for every answer."""
        if scope["type"] != "http" or self.middleware_stack is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's layers inside ours."""
        edge: Edge = self.state.edge
        framework = super().build_middleware_stack()
        origins: tuple[str, ...] = self.state.settings.allowed_origins
        if origins:
            return allow_origins(origins, edge, framework)
        edge.wrap(framework)
        return edge


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
    """The application for these settings. It opens nothing before its lifespan starts."""
    settings = settings or get_settings()
    app = DraftQueen(
        title="Draft Queen",
        version=_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # /metrics is ours; the framework's own asks three providers at every request whether anybody wants to know
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.access_log = AccessLog.of(settings)
    app.state.release = release_of(settings)
    app.state.byte_cache = ByteCache(settings.cache_size_mb * 1024 * 1024, app.state.release)
    app.state.edge = Edge(
        cache=app.state.byte_cache,
        metrics=app.state.metrics,
        access_log=app.state.access_log,
        release=app.state.release,
        reuses_responses=settings.reuses_responses,
    )
    install_error_handlers(app)
    app.include_router(health)
    app.include_router(metrics_router)
    for router in (draft_picks, combine, people, franchises, colleges, exports, changes, quality, etl_runs):
        app.include_router(router)
    install_docs(app)
    _install_pages(app)
    return app


def _version() -> str:
    try:
        return version("draft-queen")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0"


def _install_pages(app: FastAPI) -> None:
    """The pages for people."""
    from app.web.errors import prefers_html, render_error
    from app.web.routes import router

    app.include_router(router)
    app.state.prefers_page = prefers_html
    app.state.render_error_page = render_error


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
    """Everything that is open while the application serves. A server that can send kept answers itself finds them in the state."""
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        pool = await create_pool(
            await _dsn(settings, stack),
            max_size=settings.database_pool_size + 1,  # one connection listens for changes
            application_name="draft-queen api",
            statement_timeout=settings.database_statement_timeout_seconds,
        )
        stack.callback(pool.terminate)
        app.state.cache = create_cache(settings.redis_url, max_bytes=settings.cache_size_mb * 1024 * 1024)
        stack.push_async_callback(app.state.cache.close)
        context = await stack.enter_async_context(ServiceContext.following(pool))
        context.dataset.on_change(lambda _version: app.state.byte_cache.clear())
        app.state.context = context
        app.state.edge.dataset = context.dataset
        app.state.metrics.watch(context, app.state.byte_cache)
        stack.callback(app.state.access_log.flush)
        if not settings.hot_reload:  # after an edit somebody waits for one answer, not for the first of every kind
            await _warm_up(app)
        yield server_state(app)
        app.state.edge.dataset = None


def server_state(app: FastAPI) -> Mapping[str, object]:
    """Return what the server needs to send cached responses itself; nothing where it must not.

    In development no response is cached. With other origins allowed, responses need headers that are added around the edge.
    """
    settings: Settings = app.state.settings
    return {STATE_KEY: app.state.edge} if settings.reuses_responses and not settings.allowed_origins else {}


async def _dsn(settings: Settings, stack: AsyncExitStack) -> str:
    """The address of the database; without one in the settings, that of the embedded server, started if need be."""
    if settings.database_url is not None:
        return settings.database_url
    from app.db.embedded import EmbeddedPostgres

    embedded = EmbeddedPostgres(settings.embedded_dir)
    dsn = await asyncio.to_thread(embedded.start)
    stack.push_async_callback(asyncio.to_thread, embedded.stop)
    return dsn


async def _warm_up(app: FastAPI) -> None:
    """Make the first client's request as fast as the next one's; a database that is away is no reason not to start."""
    for address in _WARM_UP:
        path, _, query = address.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": [(b"host", b"localhost")],
            "client": None, "server": None, "app": app,
        }  # fmt: skip
        with suppress(Exception):  # it has been logged where it was answered, and the first client would meet it again
            await app.state.edge.inner(scope, _no_body, _discard)
    gc.collect()
    gc.freeze()


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _discard(_message: Message) -> None:
    pass
