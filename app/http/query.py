"""Query parameters as a dependency: ``Annotated[Model, Depends(QueryParameters(Model))]``.

FastAPI's own ``Annotated[Model, Query()]`` looks at every declared parameter, several dozen, for each request: 2,200 of the 3,000 function
calls of an uncached page. Here a request's own parameters go straight to the model's validator. It also refuses a parameter that is given
twice, of which the framework takes the last, unless it takes several values, and names the nearest parameter for a misspelt one.
``openapi_document`` writes the parameters into the OpenAPI document.
"""

# no `from __future__ import annotations`: FastAPI reads the signature of an instance, whose module it does not know
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from app.errors.wording import unknown_parameter
from app.parameters import NoParameters, Parameters, takes_several

P = TypeVar("P", bound=Parameters)

#: More parameters than any URL has; beyond that nothing is parsed.
MOST_PARAMETERS = 100
#: For so many unknown parameters the nearest known name is suggested.
MOST_HINTS = 3


class QueryParameters(Generic[P]):
    """Dependency that reads a request's query string with a model."""

    def __init__(self, model: type[P]) -> None:
        self.model = model

    async def __call__(self, request: Request) -> P:
        """Read the parameters; see :func:`read_query`."""
        return read_query(request, self.model)


#: For routes without query parameters: any is refused.
NO_QUERY = Depends(QueryParameters(NoParameters))


def read_query(request: Request, model: type[P]) -> P:
    """Return the request's parameters.

    Raises:
        RequestValidationError: naming every parameter that is unknown, wrong, or given twice.
    """
    try:
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise _refused("query", f"There are more than {MOST_PARAMETERS} parameters.") from error
    values: dict[str, str] = {}
    for name, text in pairs:
        if name in values and not (name in model.model_fields and takes_several(model.model_fields[name].annotation)):
            # taking either one silently would be wrong half of the time
            raise _refused(name, "This parameter is given more than once.")
        values[name] = f"{values[name]},{text}" if name in values else text
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
        for number, problem in enumerate(unknown):
            name = str(problem["loc"][0])
            today = model.only_today if name == "as_of" else ""
            message = today or unknown_parameter(name, model.model_fields, hint=number < MOST_HINTS)
            problem["type"], problem["msg"], problem["input"] = "value_error", message, None
        raise RequestValidationError([{**problem, "loc": ("query", problem["loc"][0])} for problem in problems]) from error


def _refused(name: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("query", name), "msg": message, "input": None}])


def documented(model: type[Parameters]) -> list[dict[str, Any]]:
    """Return what OpenAPI says about the parameters."""
    return [_parameter(name, schema) for name, schema in model.model_json_schema().get("properties", {}).items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    description, examples = schema.pop("description", ""), schema.pop("examples", [])
    schema.pop("title", None)
    given = [choice for choice in schema.pop("anyOf", []) if choice.get("type") != "null"]
    if given:
        schema = {**given[0], **schema}
    if schema.get("default", ...) is None:
        del schema["default"]
    parameter = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    several = schema.get("type") == "array"
    if several:
        parameter["explode"] = False  # separated by commas
    return {**parameter, "example": [examples[0]] if several else examples[0]} if examples else parameter
