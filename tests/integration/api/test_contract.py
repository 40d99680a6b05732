"""The OpenAPI document against the running API: generated requests, valid and broken, never get a 5xx or an undeclared shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from tests.support.api_document import DOCUMENT
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

    from tests.integration.api.conftest import Api

EXAMPLES = {"positive": 10, "negative": 4}
PHASES = (Phase.explicit, Phase.generate)


OPERATIONS = sorted((path, method.upper()) for path, operations in DOCUMENT["paths"].items() for method in operations)
#: Paths that compute something from a body and change nothing; all others are read with GET.
CALCULATIONS = {"/api/v1/trade-calculator"}


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    """Schemathesis takes seconds to import, and every process of a session imports this module."""
    import schemathesis

    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("mode", EXAMPLES)
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[path for path, _ in OPERATIONS])
def test_every_operation_keeps_its_promises(league_api: Api, schema: BaseSchema, path: str, method: str, mode: str) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    operation = schema[path][method]
    bounded = settings(max_examples=EXAMPLES[mode], deadline=None, database=None, phases=PHASES, suppress_health_check=list(HealthCheck))

    @seed(1980)
    @bounded
    @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
    def check(case: Case) -> None:  # type: ignore[type-arg]
        response = case.call(base_url=str(league_api.base_url), timeout=PATIENCE)
        case.validate_response(response, checks=checks)

    try:
        check()
    except Unsatisfiable:
        assert mode == "negative", "only an operation without parameters has no broken requests"


def test_every_operation_is_described(league_api: Api) -> None:
    """A summary, a sentence, an example or a model for the answer, and words for every parameter."""
    document = league_api.get("/openapi.json").json()
    assert len(document["paths"]) >= 17
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert method == ("post" if path in CALCULATIONS else "get"), where
            assert operation["summary"], where
            assert operation.get("description"), where
            assert operation["tags"], where
            assert operation["responses"]["200"].get("content"), where
            for parameter in operation.get("parameters", []):
                described = parameter.get("description") or parameter["schema"].get("description")
                assert described, f"{where}: {parameter['name']}"


def test_every_list_has_an_example(league_api: Api) -> None:
    document = league_api.get("/openapi.json").json()
    for name, model in document["components"]["schemas"].items():
        if name.endswith("Item"):
            assert any(field.get("examples") for field in model["properties"].values()), name


def test_the_example_of_a_refused_media_type_is_what_the_api_sends(league_api: Api) -> None:
    compared = 0
    for path, operations in DOCUMENT["paths"].items():
        [(method, operation)] = operations.items()
        declared = operation["responses"].get("406")
        address = path.replace("{person_id}", "1").replace("{trade_id}", "1")
        response = league_api.request(method, address, headers={"accept": "image/png"}, json={"gave": ["1"]} if method == "post" else None)
        if declared is None or response.status_code != 406:
            continue
        compared += 1
        assert declared["content"]["application/problem+json"]["example"]["detail"] == response.json()["detail"], path
    assert compared > 8


def test_the_document_promises_what_a_deployment_loads() -> None:
    """Trades come from a folder that a deployment need not have."""
    assert "trades since 2002 where they are loaded" in " ".join(DOCUMENT["info"]["description"].split())
    assert "still right" not in str(DOCUMENT)
    assert "given ones" not in str(DOCUMENT)


def test_a_streamed_list_documents_the_array_of_format_json() -> None:
    streamed = 0
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            content = operation["responses"]["200"]["content"]
            if {"application/json", "application/x-ndjson"} <= content.keys():
                streamed += 1
                assert "array" in [each.get("type") for each in content["application/json"]["schema"].get("anyOf", [])], path
    assert streamed > 12
