"""What handlers declare in their signatures: the service context, a session, the settings, and the release."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.context import ServiceContext
from app.db.session import transaction
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


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield the session of a handler that writes; ``transaction`` commits when the handler has returned.

    It takes one of the pool's connections until then. Such a handler reads through the session too: a read through ``context.database``
    would take a second one, and handlers that all wait for their second connection exhaust the pool.
    """
    async with transaction(state_of(request)["context"].database) as opened:
        yield opened


#: ``function``: it ends before the response is sent, so that no client is told of a change that could not be committed.
SessionDep = Annotated[AsyncSession, Depends(session, scope="function")]


async def current_settings(request: Request) -> Settings:
    """Return the settings of this application."""
    return state_of(request)["settings"]


CurrentSettings = Annotated[Settings, Depends(current_settings)]


async def current_release(request: Request) -> str:
    """Return the name of the release that responds."""
    return state_of(request)["release"]


Release = Annotated[str, Depends(current_release)]
