"""What a handler's signature says is what the OpenAPI document says."""

from __future__ import annotations

import inspect

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.changes.routes import router as changes
from app.changes.schemas import ChangeParameters
from app.colleges.routes import router as colleges
from app.colleges.schemas import CollegeParameters
from app.combine.routes import router as combine
from app.combine.schemas import CombineParameters
from app.draft_picks.routes import router as draft_picks
from app.draft_picks.schemas import DraftPickParameters
from app.etl_runs.routes import router as etl_runs
from app.etl_runs.schemas import RunParameters
from app.franchises.routes import router as franchises
from app.health.routes import router as health
from app.http.openapi import openapi_document
from app.listing.parameters import Parameters
from app.main import create_app
from app.people.routes import router as people
from app.people.schemas import PeopleParameters
from app.pick_values.routes import router as pick_values
from app.quality.routes import router as quality
from app.settings import Settings
from app.trades.routes import router as trades

MODELS = {
    "/api/v1/draft-picks": DraftPickParameters,
    "/api/v1/combine": CombineParameters,
    "/api/v1/people": PeopleParameters,
    "/api/v1/colleges": CollegeParameters,
    "/api/v1/changes": ChangeParameters,
    "/api/v1/etl/runs": RunParameters,
}
ROUTERS = (changes, colleges, combine, draft_picks, etl_runs, franchises, health, people, pick_values, quality, trades)
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize(("path", "model"), MODELS.items())
def test_every_parameter_of_the_model_is_documented(path: str, model: type[Parameters]) -> None:
    document = openapi_document(create_app(Settings(environment="test", database_url="postgresql://nobody@localhost/nothing")))
    parameters = document["paths"][path]["get"]["parameters"]
    assert [each["name"] for each in parameters] == list(model.model_fields)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_no_handler_takes_a_bare_request(route: APIRoute) -> None:
    assert "request" not in inspect.signature(route.endpoint).parameters


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path or route in health.routes], ids=lambda route: route.path)
def test_what_a_handler_returns_is_what_is_documented(route: APIRoute) -> None:
    returned = inspect.signature(route.endpoint, eval_str=True).return_annotation
    assert issubclass(returned, BaseModel)
    assert route.response_model is returned
