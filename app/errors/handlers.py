"""The format of all errors of the API: problem details (RFC 9457), ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import DraftQueenError, InvalidParameter, TooManyRequests
from app.errors.wording import in_words

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
#: Longest piece of a client's own value that is repeated in an answer.
_ECHO_LIMIT = 120
#: Types of errors about a parameter that has no value to repeat.
_NOT_GIVEN = ("extra_forbidden", "missing")
#: Most invalid parameters that one answer lists.
_MOST_ERRORS = 20


class FieldProblem(BaseModel):
    """What is wrong with one parameter."""

    field: str = Field(description="The parameter, as spelled in the request.", examples=["season_min"])
    message: str = Field(description="What is wrong with it.", examples=["must not be above season_max"])
    value: str | None = Field(default=None, description="The value that was given, shortened.")


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field(description="The problem type; `about:blank` when the status code says enough.", examples=["about:blank"])
    title: str = Field(description="A short summary of the problem type.", examples=["Invalid parameters"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="An explanation of this occurrence of the problem.")
    instance: str = Field(description="The path of the request.", examples=["/api/v1/draft-picks"])
    request_id: str | None = Field(default=None, description="The request ID in the server's log; quote it when you report the problem.")
    errors: list[FieldProblem] | None = Field(default=None, description="The invalid parameters, at most 20.")


class ProblemResponse(Response):
    """A problem document, and what an error page needs to say the same. ``cause`` is the defect behind it, ``error`` what was raised."""

    error: Exception | None = None

    def __init__(
        self, content: Mapping[str, object], status: int, headers: Mapping[str, str], *, detail: str, cause: Exception | None = None
    ) -> None:
        self.extra_headers = {"cache-control": "no-store", **headers}
        super().__init__(msgspec.json.encode(content), status, self.extra_headers, MEDIA_TYPE)
        self.detail = detail
        self.cause = cause


Handler = Callable[[Request, Exception], Awaitable[ProblemResponse]]
#: Renders an error for a person; None for a client that is a program.
ErrorPage = Callable[[Request, ProblemResponse], Response | None]


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    title: str | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    cause: Exception | None = None,
) -> ProblemResponse:
    """Return the response for one error."""
    content: dict[str, object] = {
        "type": kind,
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    request_id = request.scope.get("request_id")
    if request_id:
        content["request_id"] = request_id
    if errors:
        content["errors"] = errors
    return ProblemResponse(content, status, headers or {}, detail=detail, cause=cause)


def with_pages(handler: Handler, page: ErrorPage) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that responds to browsers with a page, and to every other client as ``handler`` does."""

    async def handle(request: Request, error: Exception) -> Response:
        response = await handler(request, error)
        response.error = error
        return page(request, response) or response

    return handle


def _shortened(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _ECHO_LIMIT else f"{text[:_ECHO_LIMIT]}…"


def _field_error(field: str, message: str, value: object = None) -> dict[str, str]:
    error = {"field": _shortened(field), "message": message}
    if value is not None:
        error["value"] = _shortened(value).encode("utf-8", "replace").decode()
    return error


def _invalid(request: Request, errors: list[dict[str, str]]) -> ProblemResponse:
    names = ", ".join(dict.fromkeys(error["field"] for error in errors))
    kind = "urn:draft-queen:problem:invalid-parameters"
    several = "s" if len(errors) > 1 else ""
    return problem(request, 422, f"Invalid parameter{several}: {names}.", kind=kind, title="Invalid parameters", errors=errors)


async def _on_validation(request: Request, error: Exception) -> ProblemResponse:
    """Handle parameters that do not match their declaration."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    errors = []
    for each in error.errors()[:_MOST_ERRORS]:
        if each["type"] == "json_invalid":
            errors.append(_field_error("body", "This is not valid JSON."))
            continue
        location = [str(part) for part in each["loc"][1:]] or [str(each["loc"][0])]
        given = None if each["type"] in _NOT_GIVEN or isinstance(each.get("input"), bytes) else each.get("input")
        errors.append(_field_error(".".join(location), in_words(each), given))
    return _invalid(request, errors)


async def _on_expected(request: Request, error: Exception, *, cures: bool = True) -> ProblemResponse:
    """Handle an error of ours; its class has the status. ``cures``: say what to do about it, which only an operator can."""
    assert isinstance(error, DraftQueenError)  # noqa: S101
    path = request.url.path
    if isinstance(error, InvalidParameter):
        response = _invalid(request, [_field_error(error.parameter, error.message, error.value)])
        response.detail = error.message  # a page has no list of parameters
        return response
    detail = str(error) if cures else error.message
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("%s unavailable", error.resource, path=path, cause=repr(error.__cause__ or error))
        return problem(request, 503, f"{detail} Try again in a moment.", headers={"retry-after": str(RETRY_AFTER_SECONDS)})
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", path=path, exc_info=error)
        return problem(request, 500, "The server could not process this request.")
    headers = None
    if isinstance(error, TooManyRequests):
        headers = {
            "retry-after": str(error.seconds),
            "ratelimit-policy": f'"{error.kind}";q={error.allowed};w={error.window}',
            "ratelimit": f'"{error.kind}";r=0;t={error.seconds}',
        }
    return problem(request, error.status, detail, headers=headers)


async def on_http(request: Request, error: Exception) -> ProblemResponse:
    """Handle what the framework and the middleware report: unknown URLs and methods, and bodies that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"No resource exists at {_shortened(request.url.path)}."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = {name.strip() for name in next((v for k, v in headers.items() if k.lower() == "allow"), "GET").split(",")}
        if "GET" in allowed:
            allowed.add("HEAD")
        headers = {"allow": ", ".join(sorted(allowed))}
        detail = f"Method {request.method} is not allowed; allowed methods: {headers['allow']}."
    # RFC 9110 renamed this status; Python before 3.13 has the old phrase, the proxy and the OpenAPI document the new one
    title = "Content Too Large" if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else None
    return problem(request, error.status_code, detail, title=title, headers=headers)


async def on_crash(request: Request, error: Exception) -> ProblemResponse:
    """Handle a bug. The log has the traceback; outside development, the client gets only the request id."""
    log.error("unhandled error", path=request.url.path, exc_info=error)
    return problem(request, 500, "An unexpected error occurred on the server. It was logged under the request ID.", cause=error)


_HANDLERS: Mapping[type[Exception], Handler] = {
    RequestValidationError: _on_validation,
    DraftQueenError: _on_expected,
    HTTPException: on_http,
    Exception: on_crash,
}


def install_error_handlers(app: FastAPI, page: ErrorPage, *, cures: bool = True) -> None:
    """Make every error of the application a problem document, or a page for a person; ``cures``: with what an operator can do."""
    handlers: Mapping[type[Exception], Handler] = {**_HANDLERS, DraftQueenError: partial(_on_expected, cures=cures)}
    for error, handler in handlers.items():
        app.add_exception_handler(error, with_pages(handler, page))
