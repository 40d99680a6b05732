"""What routes ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.context import ServiceContext
from app.db.database import DatabaseUnavailable
from app.request_errors import InvalidParameter

API_PREFIX = "/api/v1"


async def get_context(request: Request) -> ServiceContext:
    """The application's context.

    Raises:
        InvalidParameter: a parameter that is given twice; taking either one silently would be wrong half of the time.
        DatabaseUnavailable: the application is still starting.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) != len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidParameter(twice, "is given more than once")
    context: ServiceContext | None = getattr(request.app.state, "context", None)
    if context is None:
        raise DatabaseUnavailable("The service is still starting.")
    return context


ContextDep = Annotated[ServiceContext, Depends(get_context)]
