"""What the application opens when it starts, typed: the lifespan yields it, and requests read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from starlette.requests import Request

    from app.cache.stores import Cache
    from app.context import ServiceContext
    from app.settings import Settings


class AppState(TypedDict):
    """The state of one application, from start to stop."""

    settings: Settings
    release: str
    context: ServiceContext
    cache: Cache
    registry: CollectorRegistry


def state_of(request: Request) -> AppState:
    """Return the state of the application that handles this request."""
    return cast("AppState", request.state)  # FastAPI does not take ``Request[AppState]`` in a signature
