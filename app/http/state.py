"""What the application opens when it starts, typed: the lifespan yields it, and requests read it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypedDict, cast

from prometheus_client import CollectorRegistry
from starlette.requests import Request

from app.context import ServiceContext
from app.settings import Settings

if TYPE_CHECKING:
    from app.cache.redis import RedisConnection
    from app.cache.shared import SharedCache
    from app.http.rate_limits import RateLimiter


class AppState(TypedDict):
    """The state of one application, from start to stop."""

    settings: Settings
    release: str
    context: ServiceContext
    redis: RedisConnection | None
    shared_cache: SharedCache | None
    rate_limiter: RateLimiter
    registry: CollectorRegistry
    #: Set when the server stops: responses without an end of their own end then.
    draining: asyncio.Event


def state_of(request: Request) -> AppState:
    """Return the state of the application that handles this request."""
    return cast("AppState", request.state)  # FastAPI does not take ``Request[AppState]`` in a signature
