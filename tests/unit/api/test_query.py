"""Query parameters that no endpoint knows."""

from __future__ import annotations

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from app.athletics.schemas import ComparablesParameters, ScoreParameters
from app.draft_picks.schemas import DraftPickParameters
from app.http.query import MOST_HINTS, read_query
from app.identity.schemas import PersonIdParameters
from app.parameters import Parameters
from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, HitRateParameters, OverExpectedParameters


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
