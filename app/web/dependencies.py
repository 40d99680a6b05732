"""What handlers of pages declare: the path, the query, and the renderer of a page that depends on the data and the release alone.

Each may end the request before the handler runs: a wrong value gets an error page, a URL with empty parameters redirects, and a browser
that holds the page gets a 304.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.context.dataset_state import DatasetVersion
from app.http.conditional import not_modified
from app.http.dependencies import Context, Release
from app.listing.parameters import FilterText, Identifier, RunId
from app.parameters import NoParameters
from app.web.errors import render_error
from app.web.parameters import Given, Year, read_given
from app.web.rendering import render

P = TypeVar("P", bound=BaseModel)

#: What is in the path of a page. ``app.web.errors`` has the words for a value that does not exist.
Season = Annotated[Year, Path()]
PersonId = Annotated[Identifier, Path()]
TradeId = Annotated[Identifier, Path()]
ConflictId = Annotated[RunId, Path()]
Name = Annotated[FilterText, Path()]


def page_router() -> APIRouter:
    """Return a router of pages, which the API's document does not list."""
    return APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


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
    """Dependency: the parameters of a page. A URL with empty ones, as a form sends it, redirects to the one without them.

    What is wrong with them is shown on the page; with ``error_title``, an error page is sent in its place.
    """

    def __init__(
        self,
        model: type[P],
        prepare: Callable[[dict[str, str]], Mapping[str, object]] = dict,
        *,
        error_title: str | None = None,
        redirects: bool = True,
    ) -> None:
        self._model = model
        self._prepare = prepare
        self._error_title = error_title
        self._redirects = redirects

    async def __call__(self, request: Request) -> Given[P]:
        """Read the parameters.

        Raises:
            EarlyResponse: some are wrong, or empty.
        """
        given = read_given(request, self._model, self._prepare)
        if given.problem and self._error_title:
            raise EarlyResponse(render_error(request, 422, self._error_title, given.problem))
        if given.has_empty and self._redirects:
            raise EarlyResponse(RedirectResponse(given.url(), status_code=303))
        return given


#: For pages without parameters: any is refused.
NO_QUERY = Depends(PageQuery(NoParameters, error_title="Invalid request"))


@dataclass(frozen=True, slots=True)
class PageRenderer:
    """Renders the page of one request from this version of the data; its ETag stands for the data and the code."""

    request: Request
    version: DatasetVersion
    etag: str

    def render(self, template: str, *, status: int | None = None, **values: object) -> Response:
        """Respond with the page, by default 422 for one with a problem.

        Only a successful one has the ETag, and exists for ``If-None-Match: *``.
        """
        status = status or (422 if getattr(values.get("page"), "problem", None) else 200)
        values = {"synthetic": self.version.synthetic, **values}
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
