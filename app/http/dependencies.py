"""What routes ask of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.db.database import DatabaseUnavailable

if TYPE_CHECKING:
    from starlette.requests import Request

    from app.context import ServiceContext

API_PREFIX = "/api/v1"


def context_of(request: Request) -> ServiceContext:
    """The application's context.

    Raises:
        DatabaseUnavailable: the application is still starting.
    """
    context: ServiceContext | None = getattr(request.app.state, "context", None)
    if context is None:
        raise DatabaseUnavailable("The service is still starting.")
    return context
