"""What handlers of pages declare: their parameters, and the renderer of a page that depends on the data and the release alone.

Both may end the request before the handler runs: a URL with empty parameters redirects, and a browser that holds the page gets a 304.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from app.context.dataset_state import DatasetVersion
from app.http.conditional import not_modified
from app.http.dependencies import Context, Release
from app.web.parameters import Given, check_names, read_given
from app.web.rendering import render

P = TypeVar("P", bound=BaseModel)


class EarlyResponse(Exception):
    """Ends a request with a response before its handler runs."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


async def send_early(_request: Request, error: Exception) -> Response:
    """Handle an ``EarlyResponse``."""
    assert isinstance(error, EarlyResponse)  # noqa: S101 - registered for this class
    return error.response


class PageQuery(Generic[P]):
    """Dependency: the parameters of a page. A URL with empty ones, as a form sends it, redirects to the one without them."""

    def __init__(self, model: type[P], prepare: Callable[[dict[str, str]], Mapping[str, object]] = dict) -> None:
        self._model = model
        self._prepare = prepare

    async def __call__(self, request: Request) -> Given[P]:
        """Read the parameters.

        Raises:
            EarlyResponse: some are empty.
        """
        given = read_given(request, self._model, self._prepare)
        if given.has_empty:
            raise EarlyResponse(RedirectResponse(given.url(), status_code=303))
        return given


class KnownParameters:
    """Dependency of a page that reads its parameters itself, or has none: any other is refused."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def __call__(self, request: Request) -> None:
        """Check the names.

        Raises:
            InvalidParameter: one is not known, or is given twice.
        """
        check_names(request, self._names)


@dataclass(frozen=True, slots=True)
class PageRenderer:
    """Renders the page of one request from this version of the data; its ETag stands for the data and the code."""

    request: Request
    version: DatasetVersion
    etag: str

    def render(self, template: str, values: dict[str, object], *, status: int = 200) -> Response:
        """Respond with the page; only a successful one has the ETag, and exists for ``If-None-Match: *``."""
        if status != HTTPStatus.OK:
            return render(self.request, template, values, status=status)
        unchanged = not_modified(self.request, f'W/"{self.etag}"', exists=True)
        return unchanged or render(self.request, template, values, etag=self.etag)


async def page_renderer(request: Request, context: Context, release: Release) -> PageRenderer:
    """Return the renderer of this request.

    Raises:
        EarlyResponse: the browser already holds this version of the page.
    """
    version = await context.version()
    etag = f"{version.identity}-{release}"
    if response := not_modified(request, f'W/"{etag}"'):
        raise EarlyResponse(response)
    return PageRenderer(request, version, etag)


#: Declare it after the parameters, so that a URL with empty ones redirects in any case.
Renderer = Annotated[PageRenderer, Depends(page_renderer)]
