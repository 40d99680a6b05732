"""What a handler's signature says is what the OpenAPI document says."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

import app
from app.http.query import QueryParameters
from tests.support.api_document import DOCUMENT

ROUTERS = {
    id(router): router
    for file in sorted(Path(app.__file__).parent.glob("*/*routes.py"))
    for router in vars(import_module(f"app.{file.parent.name}.{file.stem}")).values()
    if isinstance(router, APIRouter)
}
ROUTES = [route for router in ROUTERS.values() for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema]
#: Every route but the one that sends a file, whose headers it reads and writes itself.
HANDLERS = [route for route in ROUTES if route.name != "download_export"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_parameter_of_the_model_is_documented(route: APIRoute) -> None:
    models = [each.call.model for each in route.dependant.dependencies if isinstance(each.call, QueryParameters)]
    names = [name for model in models for name in model.model_fields]
    [operation] = DOCUMENT["paths"][route.path].values()
    assert [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"] == names


@pytest.mark.parametrize("route", HANDLERS, ids=lambda route: route.path)
def test_no_handler_takes_a_bare_request(route: APIRoute) -> None:
    assert "request" not in inspect.signature(route.endpoint).parameters


@pytest.mark.parametrize(
    "route", [route for route in HANDLERS if "{" in route.path or "health" in route.path], ids=lambda route: route.path
)
def test_what_a_handler_returns_is_what_is_documented(route: APIRoute) -> None:
    returned = inspect.signature(route.endpoint, eval_str=True).return_annotation
    assert issubclass(returned, BaseModel)
    assert route.response_model is returned
