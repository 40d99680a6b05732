"""Query parameters that no endpoint knows, and values that are not written as they should be."""

from __future__ import annotations

from typing import TypeVar

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from app.athletics.schemas import ComparablesParameters, ScoreParameters
from app.combine.schemas import CombineParameters
from app.draft_picks.schemas import DraftPickParameters
from app.http.query import MOST_HINTS, read_query
from app.identity.schemas import PersonIdParameters
from app.parameters import Parameters
from app.pick_values.schemas import TradeRequest
from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, HitRateParameters, OverExpectedParameters

P = TypeVar("P", bound=Parameters)


def _messages(query: str, model: type[Parameters] = DraftPickParameters) -> list[str]:
    request = Request({"type": "http", "query_string": query.encode(), "headers": []})
    with pytest.raises(RequestValidationError) as refused:
        read_query(request, model)
    return [str(error["msg"]) for error in refused.value.errors()]


def test_a_misspelt_parameter_is_answered_with_the_nearest_name() -> None:
    assert _messages("season_mx=2020") == ["Unknown query parameter `season_mx`; did you mean `season_max`?"]
    assert _messages("colour=red") == ["Unknown query parameter `colour`"]


def test_a_repeated_parameter_is_refused_unless_it_takes_several_values() -> None:
    assert _messages("limit=1&limit=2") == ["This parameter is given more than once."]
    request = Request({"type": "http", "query_string": b"team=KAN&season=2019&team=BUF", "headers": []})
    assert read_query(request, DraftPickParameters).team == ("KAN", "BUF")


@pytest.mark.parametrize(
    "query",
    [
        *("season=2_020", "season=%2B2020", "season=+2020", "season=2020%20", "season=%D9%A2%D9%A0%D9%A2%D9%A0", "season=2019,2_020"),
        *("season=2019,%2B2020", "season_min=2_020", "limit=1_0", "person_id=1_0", "person_id=7,%201_0"),
    ],
)
def test_a_whole_number_is_written_plainly(query: str) -> None:
    assert _messages(query, DraftPickParameters) == ["Input should be a valid integer, unable to parse string as an integer"]


@pytest.mark.parametrize("text", ["4_0.5", "%2B4.5", "+4.5", "4.5%20", "%D9%A4.5"])
def test_a_number_is_written_plainly(text: str) -> None:
    assert _messages(f"forty_max={text}", CombineParameters) == ["Input should be a valid number, unable to parse string as a number"]


def test_plain_numbers_and_other_texts_are_accepted() -> None:
    def read(query: str, model: type[P]) -> P:
        return read_query(Request({"type": "http", "query_string": query.encode(), "headers": []}), model)

    combine = read("season=2019,%202020&forty_max=4.5&weight_min=2e2&q=%20D.K._M%C3%A9tcalf", CombineParameters)
    assert (combine.season, combine.forty_max, combine.weight_min, combine.q) == ((2019, 2020), 4.5, 200, " D.K._Métcalf")
    assert read("value_over_expected_min=-1.5", OverExpectedParameters).value_over_expected_min == -1.5


@pytest.mark.parametrize("field", ["season", "discount", "picks_per_round"])
def test_a_body_has_plain_numbers_too(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TradeRequest.model_validate({"gave": ["1"], field: "0_1"})
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    ("model", "instead"),
    [
        (HitRateParameters, "share:seasons_started>=3"),
        (OverExpectedParameters, "/api/v1/draft-picks takes as_of"),
        (ExpectedValueParameters, "/api/v1/draft-picks takes as_of"),
        (ClassStrengthParameters, "/api/v1/aggregate/draft-picks takes as_of"),
        (ScoreParameters, "/api/v1/combine takes as_of"),
        (ComparablesParameters, "/api/v1/combine takes as_of"),
        (PersonIdParameters, "/api/v1/people/{person_id}/history"),
    ],
)
def test_what_is_known_of_today_only_says_what_to_request_instead(model: type[Parameters], instead: str) -> None:
    [message] = _messages("as_of=2026-05-06", model)
    assert "known as of today only" in message
    assert instead in message


def test_many_or_long_names_cost_no_search() -> None:
    messages = _messages("&".join(f"season_ma{letter}=1" for letter in "abcdef"))
    assert sum("did you mean" in message for message in messages) == MOST_HINTS
    [message] = _messages(f"{'season_mx' * 1000}=1")
    assert len(message) < 100
