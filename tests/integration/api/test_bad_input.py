"""What clients get wrong: always a problem document that names the parameter, never a 500, never SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from app.listing.cursor import encode_cursor
from app.listing.parsing import SortKey

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

INJECTIONS = ("'; drop table draft_pick; --", "1 or 1=1", '" union select 1', "$1", "%", "_", "\\", "{{7*7}}", "💥", "İ" * 50, "a" * 100)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nonsense=1", "nonsense"),
        ("season=abc", "season"),
        ("season=", "season"),
        ("season=99999999999999999999999", "season"),
        ("season=1e400", "season"),
        ("season_min=2020&season_min=2021", "season_min"),
        ("season_min=2021&season_max=2020", "season_max"),
        ("pick_min=9&pick_max=3", "pick_max"),
        ("sort=nothing", "sort"),
        ("sort=pick,pick", "sort"),
        ("sort=", None),
        ("sort=--pick", "sort"),
        ("fields=", "fields"),
        ("fields=name,nothing", "fields"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=%00", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=" + "A" * 2001, "cursor"),
        ("cursor=" + encode_cursor([SortKey("pick"), SortKey("season")], [1, 2]), "cursor"),
        ("cursor=" + encode_cursor([SortKey("season"), SortKey("pick")], ["x", 2]), "cursor"),
        ("cursor=" + encode_cursor([SortKey("season"), SortKey("pick")], [1]), "cursor"),
        ("cursor=" + encode_cursor([SortKey("season"), SortKey("pick")], [2**70, 1]), "cursor"),
        ("position=XX", "position"),
        ("group=XX", "group"),
        ("side=X", "side"),
        ("franchise=nobody", "franchise"),
        ("franchise=STL", "franchise"),
        ("college=" + quote("no such college at all"), "college"),
        ("q=%00", "q"),
        ("q=" + "a" * 101, "q"),
        ("q=!!!", "q"),
        ("name=", "name"),
        ("hof=perhaps", "hof"),
        ("format=xlsx", "format"),
        ("format=csv&cursor=abc", "cursor"),
        ("person_id=0", "person_id"),
        ("person_id=2147483648", "person_id"),
    ],
)
def test_a_bad_parameter_is_named(league_api: Api, query: str, field: str | None) -> None:
    response = league_api.get(f"/api/v1/draft-picks?{query}")
    if field is None:
        assert response.status_code == 200
        return
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 422
    assert problem["instance"] == "/api/v1/draft-picks"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["request_id"] == response.headers["x-request-id"]


def test_every_bad_parameter_is_named_at_once(league_api: Api) -> None:
    response = league_api.v1("combine", season="x", forty_min="nan", bench_max=-1, nothing=1)
    assert {error["field"] for error in response.json()["errors"]} == {"season", "forty_min", "bench_max", "nothing"}


def test_a_wrong_value_is_repeated_as_it_was_given(league_api: Api) -> None:
    assert league_api.v1("compare", ids="1").json()["errors"] == [{"field": "ids", "message": "must have at least 2 values", "value": "1"}]
    assert league_api.v1("compare").json()["errors"] == [{"field": "ids", "message": "is required"}]
    body = league_api.post("/api/v1/trade-calculator", content=b"x")
    assert body.json()["errors"] == [{"field": "body", "message": "must be a JSON object"}]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("parameter", ["q", "name", "team", "college", "franchise", "position"])
def test_text_is_only_ever_a_value(league_api: Api, parameter: str, text: str) -> None:
    before = league_api.v1("draft-picks", limit=1, fields="pick").json()["total"]
    for form in ({}, {"format": "csv"}, {"format": "ndjson", "escape_formulas": "true"}):
        response = league_api.v1("draft-picks", **{parameter: text, **form})
        assert response.status_code in (200, 422), response.text
        if response.status_code == 200 and not form:
            assert response.json()["total"] < before, "nothing but what it says may match"
    assert league_api.v1("draft-picks", limit=1, fields="pick", sort="pick").json()["total"] == before


@pytest.mark.parametrize(
    "path",
    [
        "people/0",
        "people/x",
        "people/1_0",
        "people/+1",
        "people/1%20",
        "people/99999999999",
        "people/2147483647",
        "franchises/%00",
        "colleges/nowhere",
        "etl/runs/999999",
        "exports/a.b",
        "nothing",
    ],
)
def test_what_is_not_there(league_api: Api, path: str) -> None:
    response = league_api.get(f"/api/v1/{path}")
    assert response.status_code in (404, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(league_api: Api, method: str) -> None:
    response = league_api.request(method, "/api/v1/draft-picks")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.headers["content-type"] == "application/problem+json"


def test_nothing_acceptable(league_api: Api) -> None:
    for path in ("draft-picks", "people", "franchises"):
        response = league_api.get(f"/api/v1/{path}", headers={"accept": "image/png"})
        assert response.status_code == 406
        assert response.headers["content-type"] == "application/problem+json"


def test_a_defect_tells_nothing(league_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("app.franchises.service.list_franchises", broken)
    response = league_api.get("/api/v1/franchises", headers={"cache-control": "no-cache"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "hunter2" not in response.text
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_a_page_for_browsers_a_problem_for_programs(league_api: Api) -> None:
    browser = league_api.get("/nothing-here", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert browser.status_code == 404
    assert browser.headers["content-type"].startswith("text/html")
    assert league_api.get("/nothing-here").headers["content-type"] == "application/problem+json"
