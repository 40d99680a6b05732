"""What is wrong with a value is said in our own words, the same ones in the API, on pages and in ``dq``."""

from __future__ import annotations

import json
import re
from inspect import isawaitable
from itertools import product
from typing import TYPE_CHECKING

import click
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.draft_picks.schemas import DraftPickParameters
from app.errors.handlers import install_error_handlers
from app.errors.wording import in_words
from app.http.query import read_query
from app.main import create_app
from app.parameters import Parameters
from app.pick_values.schemas import TradeRequest
from app.quality.schemas import Acknowledgement
from app.settings import Settings, SettingsError
from app.web.parameters import label_of, read_given
from cli.filters import WholeNumber, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FULL_WIDTH = "２０２０"
HOSTILE: tuple[object, ...] = (
    "", "x", FULL_WIDTH, "²", "-1", "-1e9", "1e9", "9" * 5000, "nan", "x" * 9000, "\0", ",", "x," * 60, "1,1,1,1,1,1,1", "2026-13-01",
    [], {}, ["x"], [None], ["x" * 9000], ["1"] * 99, None, 1.5, True, -1,
)  # fmt: skip
#: The type of the error that breaks a rule of a JSON schema.
BROKEN = {
    "minLength": "string_too_short",
    "maxLength": "string_too_long",
    "minItems": "too_short",
    "maxItems": "too_long",
    "minimum": "greater_than_equal",
    "maximum": "less_than_equal",
    "exclusiveMaximum": "less_than",
    "exclusiveMinimum": "greater_than",
    "enum": "literal_error",
    "const": "literal_error",
}
PYDANTICS = re.compile(r"input|should|valid|unable|parse|after validation|permitted|field required|integer|boolean", re.IGNORECASE)


def _declared(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _declared(each)


def _errors(model: type[BaseModel], values: Mapping[str, object]) -> list[dict[str, object]]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return [dict(detail) for detail in error.errors()]
    return []


def test_no_text_of_pydantic_is_shown_for_anything_that_is_declared() -> None:
    assert create_app.__module__ == "app.main"  # its import declares all parameters
    models: set[type[BaseModel]] = {*_declared(Parameters), TradeRequest, Acknowledgement}
    kinds = {f"{field.annotation}{field.metadata}": (model, name) for model in models for name, field in model.model_fields.items()}
    parameters_of_each_kind: list[tuple[type[BaseModel], str]] = [*kinds.values(), (TradeRequest, "nonsense")]
    found: dict[str, set[str]] = {}
    for (model, name), value in product(parameters_of_each_kind, HOSTILE):
        for error in _errors(model, {name: value}):
            words = in_words(error)
            if error["type"] == "value_error":
                continue  # our own
            assert not PYDANTICS.search(words), (model, name, error["msg"], words)
            found.setdefault(str(error["type"]), set()).add(words)
    rules = {rule for model in dict(kinds.values()) for rule in BROKEN if f'"{rule}":' in json.dumps(model.model_json_schema())}
    assert {BROKEN[rule] for rule in rules} | {"int_parsing", "float_parsing", "bool_parsing", "missing", "extra_forbidden"} <= set(found)
    assert "must have at least 2 values" in found["too_short"]
    assert "must be one of QB, RB, WR, TE, OL, DL, LB, DB, ST, all" in found["literal_error"]


def _request(query: str) -> Request:
    return Request({"type": "http", "path": "/", "query_string": query.encode(), "headers": []})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("season", FULL_WIDTH, "must be a whole number"),
        ("season", "abc", "must be a whole number"),
        ("season_min", "1800", "must be at least 1900"),
        ("hof", "perhaps", "must be true or false"),
        ("group", "XX", "must be one of QB, RB, WR, TE, OL, DL, LB, DB, ST"),
        ("name", "x" * 101, "can have at most 100 characters"),
        ("as_of", f"{FULL_WIDTH}-05-06", "must be the number of a load or a day such as 2026-05-06"),
    ],
)
async def test_api_page_and_command_say_the_same(name: str, value: str, words: str) -> None:
    request = _request(f"{name}={value}")
    with pytest.raises(RequestValidationError) as refused:
        read_query(request, DraftPickParameters)
    service = FastAPI()
    install_error_handlers(service, lambda _request, _response: None)
    answer = service.exception_handlers[RequestValidationError](request, refused.value)
    assert isawaitable(answer)
    response = await answer
    assert [error["message"] for error in json.loads(bytes(response.body))["errors"]] == [words]
    page = read_given(request, DraftPickParameters)
    assert page.problem == f"{label_of(name)}: {words}."
    with pytest.raises(click.UsageError, match=f"^--{name.replace('_', '-')}: {re.escape(words)}.$"):
        parameters(DraftPickParameters, {name: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FULL_WIDTH, "must be a whole number."),
        ("1_0", "must be a whole number."),
        ("0", "must be at least 1."),
        ("51", "must be at most 50."),
    ],
)
def test_a_number_of_a_command_is_read_as_the_api_reads_it(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=f"^{words}$"):
        WholeNumber(1, 50).convert(text, None, None)
    assert WholeNumber(1, 50).convert("50", None, None) == 50


def test_the_end_of_a_range_is_named_as_the_reader_knows_it() -> None:
    reversed_range = {"season_min": "2020", "season_max": "2010"}
    [error] = _errors(DraftPickParameters, reversed_range)
    assert in_words(error) == "must not be below season_min"
    with pytest.raises(click.UsageError, match="--season-max: must not be below --season-min"):
        parameters(DraftPickParameters, dict(reversed_range))
    page = read_given(_request("season_min=2020&season_max=2010"), DraftPickParameters)
    assert page.problem == "To class: must not be below “From class”."


def test_a_setting_is_refused_in_the_same_words() -> None:
    with pytest.raises(SettingsError, match=re.escape("PORT is invalid (it must be at most 65535): correct or remove PORT")):
        Settings(environment="test", port=99999)
