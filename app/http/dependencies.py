"""What handlers declare in their signatures: the service context, the settings, and what the client accepts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.context import ServiceContext
from app.http.state import AppState, state_of
from app.settings import Settings

API_PREFIX = "/api/v1"


async def application_state(request: Request) -> AppState:
    """Return the state of the application."""
    return state_of(request)


State = Annotated[AppState, Depends(application_state)]


async def service_context(request: Request) -> ServiceContext:
    """Return the first argument of every service function."""
    return state_of(request)["context"]


Context = Annotated[ServiceContext, Depends(service_context)]


async def current_settings(request: Request) -> Settings:
    """Return the settings of this application."""
    return state_of(request)["settings"]


CurrentSettings = Annotated[Settings, Depends(current_settings)]


async def current_release(request: Request) -> str:
    """Return the name of the release that responds."""
    return state_of(request)["release"]


Release = Annotated[str, Depends(current_release)]
