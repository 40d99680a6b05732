"""The descriptions of responses that operations share, and the OpenAPI document."""

from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from app.datasets import DATASETS, attribution
from app.datasets.prospects import PROSPECTS
from app.errors.handlers import MEDIA_TYPE, Problem
from app.http.body_size import BODY_TOO_LARGE
from app.http.query import QueryParameters, documented

Responses = dict[int | str, dict[str, Any]]

DESCRIPTION = f"""\
Every NFL draft selection since 1980 and every combine entry since 2000, with trades since 2002 where they are loaded, joined by person,
franchise and college.

* **Filters** are typed; an unknown parameter, a reversed range or an invalid cursor is a 422 that names the parameter.
* **Pages** have `limit` rows; pass `next` as `cursor` for the following page. A cursor keeps its place while the data change.
* **Whole sets**: `format=csv`, `ndjson` or `json` streams all rows that match the filters; `/exports` has complete files.
* **Caching**: send the `ETag` back as `If-None-Match`; 304 means that nothing has changed.
* **Errors** are problem documents (RFC 9457), `application/problem+json`.

Data: {attribution()}. Synthetic data are marked `"synthetic": true`.
"""

TAGS = [
    {"name": "draft picks", "description": "Selections with their outcomes."},
    {"name": "combine", "description": "Measurements at the scouting combine."},
    *({"name": dataset.title, "description": dataset.about} for dataset in DATASETS.values() if not dataset.expected),
    {"name": PROSPECTS.title, "description": PROSPECTS.about},
    {"name": "aggregates", "description": "Counts, means and shares by group."},
    {"name": "people", "description": "One entry per human, however the sources spell the name."},
    {"name": "athletics", "description": "Percentiles, Athletic Score and comparables: a person's measurements among those of the role."},
    {"name": "value", "description": "Hit rates, expected value, value over expected, and the strength of a class."},
    {"name": "franchises", "description": "The 32 clubs with all their moves and names."},
    {"name": "colleges", "description": "Colleges with one name each."},
    {"name": "exports", "description": "Complete data sets as files."},
    {"name": "data", "description": "Where the data come from, what changed, and how complete they are."},
    {"name": "operations", "description": "Health and metrics."},
]


_SCHEMAS = "#/components/schemas/{model}"


def _problem(description: str, status: int, detail: str, **more: object) -> dict[str, Any]:
    example = {"type": "about:blank", "title": description, "status": status, "detail": detail, "instance": "/api/v1/draft-picks", **more}
    # by reference: for each response with a model, the framework builds a validator that nothing uses
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS.format(model="Problem")}, "example": example}}}


_INVALID = _problem(
    "Invalid parameters",
    422,
    "Invalid: season_max.",
    type="urn:draft-queen:problem:invalid-parameters",
    errors=[{"field": "season_max", "message": "must not be below season_min", "value": "1990"}],
)
_UNAVAILABLE = _problem("Service Unavailable", 503, "The database cannot be reached. Try again in a moment.")
_NOT_FOUND = _problem("Not Found", 404, "No person has the ID 999999.")
_NOT_ACCEPTABLE = _problem("Not Acceptable", 406, "This endpoint responds with application/json.")
_LIST_NOT_ACCEPTABLE = _problem("Not Acceptable", 406, "This endpoint responds with application/json, text/csv or application/x-ndjson.")
_TOO_MANY = _problem("Too Many Requests", 429, "Only 60 requests of this kind (streams) are allowed in a minute. Try again in 12 s.")
_UNCHANGED = {"description": "Not modified: the version in `If-None-Match` is still current."}

ERRORS: Responses = {406: _NOT_ACCEPTABLE, 422: _INVALID, 503: _UNAVAILABLE}
ITEM_ANSWERS: Responses = {304: _UNCHANGED, 404: _NOT_FOUND, **ERRORS}
PLAIN_ANSWERS: Responses = {304: _UNCHANGED, **ERRORS}
CALCULATION_ANSWERS: Responses = {
    400: _problem("Bad Request", 400, "There was an error parsing the body"),
    404: _problem("Not Found", 404, "No pick values have been loaded yet."),
    413: _problem("Content Too Large", 413, BODY_TOO_LARGE),
    **ERRORS,
}
LIMITED: Responses = {429: _TOO_MANY}


def list_answers(csv_example: str) -> Responses:
    """Describe the responses of a list that can also be streamed."""
    text = {"schema": {"type": "string"}}
    content = {"text/csv": {**text, "example": csv_example}, "application/x-ndjson": text}
    page_or_stream = {"description": "One page, or the whole set as a stream.", "content": content}
    return {200: page_or_stream, **PLAIN_ANSWERS, 406: _LIST_NOT_ACCEPTABLE, **LIMITED}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI document.

    The framework knows neither the query parameters (``QueryParameters``) nor the schema of problem responses.
    """
    document = deepcopy(app.openapi())  # the framework keeps its own
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            models = [each.call.model for each in route.dependant.dependencies if isinstance(each.call, QueryParameters)]
            if parameters := [parameter for model in models for parameter in documented(model)]:
                for method in route.methods or ():
                    document["paths"][route.path_format][method.lower()].setdefault("parameters", []).extend(parameters)
    schema = Problem.model_json_schema(ref_template=_SCHEMAS)
    document["components"]["schemas"] |= {"Problem": schema, **schema.pop("$defs")}
    return document
