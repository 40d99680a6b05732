"""Respond to HEAD wherever GET is understood."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadMiddleware:
    """Route HEAD as GET; the server leaves out the body. A stream sees ``scope["head_only"]`` and does not run its query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as a GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        as_get = {**scope, "method": "GET", "head_only": True}
        try:
            await self._app(as_get, receive, send)
        finally:
            scope.update({name: as_get[name] for name in ("route", "route_path") if name in as_get})
