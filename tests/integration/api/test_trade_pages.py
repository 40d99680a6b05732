"""The pages about trades have the numbers of the API, and a mistake is a sentence on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.api.test_athletics_pages import BROWSER, text_of

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Api


def get(api: Api, path: str) -> httpx.Response:
    return api.get(path, headers=BROWSER)


def listed(api: Api, path: str) -> list[int]:
    page = get(api, path)
    assert page.status_code == 200, text_of(page)
    return [int(number) for number in re.findall(r'<h2><a href="/trades/(\d+)">', page.text)]


def test_the_list_has_every_trade_once_the_latest_first(league_api: Api) -> None:
    legs = league_api.items("trades", fields="trade_id,trade_date", limit=1000)
    dates = {int(str(leg["trade_id"])): str(leg["trade_date"]) for leg in legs}
    path, numbers = "/trades", []
    for _ in range(len(dates) // 25 + 1):
        numbers += listed(league_api, path)
        following = re.search(r'href="([^"]*)" rel="next"', get(league_api, path).text)
        path = following[1] if following else ""
    assert path == ""
    assert listed(league_api, "/trades?page=9999") == numbers[(len(numbers) - 1) // 25 * 25 :]
    assert numbers == sorted(dates, key=lambda number: (dates[number], number), reverse=True)


@pytest.mark.parametrize("query", ["season=2020", "pick_round=1", "franchise=rams&pick_season=2021", "conditional=true"])
def test_the_filters_are_those_of_the_legs(league_api: Api, query: str) -> None:
    legs = league_api.get(f"/api/v1/trades?{query}&fields=trade_id&limit=1000").json()["items"]
    shown = listed(league_api, f"/trades?{query}")
    assert set(shown) <= {leg["trade_id"] for leg in legs}
    assert len(shown) == min(25, len({leg["trade_id"] for leg in legs}))
    page = get(league_api, f"/trades?{query}").text
    assert f'href="/api/v1/trades?{query}&format=csv"' in page.replace("&amp;", "&")
    form = re.findall(r'name="(?:season|pick_season|pick_round)" type="text" value="(\d+)"', page)
    assert form == re.findall(r"\d+", query)


def test_a_form_with_empty_fields_leads_to_the_short_address(league_api: Api) -> None:
    answer = league_api.get("/trades?franchise=&season=2020&pick_round=&utm_source=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/trades?season=2020")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("season=then", "Season: must be a whole number."),
        ("season=%C2%B2", "Season: must be a whole number."),
        ("pick_round=99999", "Pick round: must be at most 32767."),
        ("season_min=2020&season_max=2010", "To class: must not be below “From class”."),
        ("franchise=nowhere", "nowhere"),
        ("franchise=%3Cscript%3Ealert(1)%3C/script%3E", "<script>alert(1)</script>"),
        ("page=0", "Page: must be at least 1."),
        ("conditional=perhaps", "Conditional: must be true or false."),
        (f"franchise={'x' * 9000}", "Franchise: can have at most 100 characters."),
    ],
)
def test_a_filter_that_means_nothing_is_a_sentence_above_the_form(league_api: Api, query: str, sentence: str) -> None:
    page = get(league_api, f"/trades?{query}")
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "<script>alert" not in page.text
    assert len(page.text) < 20_000
    assert page.headers["cache-control"] == "no-store"


def test_a_trade_has_the_value_of_every_side_and_what_the_picks_became(league_api: Api) -> None:
    trade = league_api.v1("trades/1").json()
    page = get(league_api, "/trades/1")
    shown = text_of(page)
    for side in trade["sides"]:
        for chart in side["charts"]:
            for value in (chart["gave"], chart["received"]):
                assert value is None or f"{value:,.3f}".rstrip("0").rstrip(".") in shown
    for leg in trade["legs"]:
        if leg["became"]:
            assert f'href="/people/{leg["became"]["person_id"]}"' in page.text
    assert "none of them is the verdict" in shown
    assert all(remark in shown for remark in trade["remarks"])
    assert get(league_api, "/trades/999999999").status_code == 404
    assert get(league_api, "/trades/one").status_code == 404
    assert league_api.get("/trades/1", headers={**BROWSER, "if-none-match": page.headers["etag"]}).status_code == 304


@pytest.mark.real_data
def test_trades_of_every_kind_have_a_page(real_api: Api) -> None:
    """Three and four sides, one side only, conditions, players alone."""
    for trade_id in (6, 117, 93, 111, 1629, real_api.items("trades", conditional=True, limit=1)[0]["trade_id"]):
        trade, page = real_api.v1(f"trades/{trade_id}").json(), get(real_api, f"/trades/{trade_id}")
        assert page.text.count('id="side-') == len(trade["sides"])
        assert all(remark in text_of(page) for remark in trade["remarks"])
    shown = text_of(get(real_api, "/trades/503"))
    assert "Johnson 2,600 5,490 +2,890" in shown
    assert "2014 pick 2, round 1 Greg Robinson selected by the St. Louis Rams" in shown
    assert listed(real_api, "/trades?season=2012&franchise=STL")[-1] == 503


def test_the_calculator_has_the_numbers_of_the_api(league_api: Api) -> None:
    page = get(league_api, "/trade-calculator?gave=6,39,2028r1&received=2&discount=0.1")
    trade = {"gave": ["6", "39", "2028r1"], "received": ["2"], "discount": 0.1}
    worth = league_api.post("/api/v1/trade-calculator", json=trade).json()
    sums = [f"{chart[side]:,.3f}".rstrip("0").rstrip(".") for chart in worth["charts"] for side in ("gave", "received")]
    assert all(each in text_of(page) for each in sums)
    assert f"Years are counted from the draft of {worth['season']}" in text_of(page)
    assert "2028r1 pick 16 of 2028, number estimated, counted at" in text_of(page)
    assert 'name="gave" type="text" value="6,39,2028r1"' in page.text
    download = re.findall(r'href="(/trade-calculator\.csv[^"]*)"', page.text)[0].replace("&amp;", "&")
    rows = league_api.get(download).text.splitlines()
    assert rows[0].startswith("side,pick,season,number,estimated,years,factor,stuart,")
    assert [row.split(",")[:2] for row in rows[1:]] == [["gave", "6"], ["gave", "39"], ["gave", "2028r1"], ["received", "2"]]


def test_the_empty_calculator_is_a_form_with_examples_that_work(league_api: Api) -> None:
    page = get(league_api, "/trade-calculator")
    assert (page.status_code, "Both sides" in page.text) == (200, False)
    examples = re.findall(r'href="(/trade-calculator\?[^"]*)"', page.text)
    assert len(examples) == 3
    assert {get(league_api, each.replace("&amp;", "&")).status_code for each in examples} == {200}
    assert league_api.get("/trade-calculator?gave=6&received=&discount=").headers["location"] == "/trade-calculator?gave=6"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("gave=6&received=6", "The trade gives and takes the same pick: '6'."),
        ("gave=6,first", "'first' is not a pick. Write a pick as its number (6)"),
        ("gave=263&received=1", "has no value."),
        ("gave=%3Cb%3E6&received=1", "'<b>6' is not a pick."),
        ("gave=1&discount=2", "Discount: must be below 1."),
        ("gave=1&discount=nan", "Discount: must be a number."),
        ("gave=1&season=x", "Season: must be a whole number."),
        ("gave=1&charts=jonson", "Unknown chart 'jonson'"),
        ("gave=,", "'' is not a pick."),
        (f"gave={'1,' * 60}1", "Gave: can have at most 50 values."),
        (f"gave={'9' * 8000}", "Gave: can have at most 30 characters."),
        ("discount=0.1", "Name at least one pick."),
    ],
)
def test_a_trade_that_cannot_be_valued_is_a_sentence_below_the_form(league_api: Api, query: str, sentence: str) -> None:
    page = get(league_api, f"/trade-calculator?{query}")
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "<b>6" not in page.text
    assert len(page.text) < 12_000
    assert get(league_api, f"/trade-calculator.csv?{query}").status_code == 422
