"""Turn what the application raises into a response, or break off a response that has begun."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import DraftQueenError

log = structlog.get_logger(__name__)


class FailuresMiddleware:
    """Respond to a defect with ``handler``, inside the other middleware: the response to a crash has their headers and is counted.

    Starlette's own handler for defects is outside of every middleware that an application adds.
    """

    def __init__(self, app: ASGIApp, *, handler: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app = app
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if not started:
                response = await self._handler(Request(scope), error)
                await response(scope, receive, send)
                return
            unavailable = _unavailable(error)
            if unavailable is None:
                raise
            # In the middle of a stream no status can be sent any more. The server closes the connection of an unfinished response.
            log.warning("stream broken off", path=scope["path"], cause=repr(unavailable.__cause__ or unavailable))


def _unavailable(error: Exception) -> DraftQueenError | None:
    """Return the error behind this one that says that something is unavailable: the database, or a file.

    Once a response has started, Starlette raises a ``RuntimeError`` from each error that has a handler.
    """
    for each in (error, error.__cause__):
        if isinstance(each, DraftQueenError) and each.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return each
    return None
