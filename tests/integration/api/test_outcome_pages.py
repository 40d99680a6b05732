"""The pages about what became of picks have the numbers of the API."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from app.datasets.draft_days import FIRST_DAYS, last_day
from tests.integration.api.test_athletics_pages import BROWSER

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Api

SEASON = 2015


def get(api: Api, path: str) -> httpx.Response:
    return api.get(path, headers=BROWSER)


def text_of(page: httpx.Response) -> str:
    """Return what a reader reads, a cell apart from the next."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def shown(number: float) -> str:
    return f"{number:,.3f}".rstrip("0").rstrip(".")


def signed(number: float) -> str:
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{shown(abs(round(number, 1)))}"


def downloads(page: httpx.Response) -> list[str]:
    """The files that a page offers, without those that every page has."""
    links = re.findall(r'href="(/api/v1/[^"]*)" download="[^"]+', page.text)
    return [unescape(link) for link in links]


def test_a_class_in_retrospect_has_the_numbers_of_the_api(league_api: Api) -> None:
    page = get(league_api, f"/classes/{SEASON}/report?measure=hill&group=WR")
    text = text_of(page)
    strength = league_api.items("analytics/class-strength", season=SEASON, measure="hill", limit=1000)
    assert len(strength) > 5
    for row in strength:
        if row["group"] != "all" and row["value"] is not None:
            assert shown(round(float(str(row["value"])), 2)) in text
    picks = league_api.items("analytics/value-over-expected", season=SEASON, group="WR", limit=1000)
    known = [row for row in picks if row["value_over_expected"] is not None]
    assert page.text.count('<a class="point') == len(known) > 3
    assert all(f'href="/people/{row["person_id"]}" aria-label="' in page.text for row in known)
    assert signed(float(str(known[0]["value_over_expected"]))) in text
    days = f"trade_date_min={FIRST_DAYS[SEASON]}&trade_date_max={last_day(SEASON)}"
    legs = league_api.get(f"/api/v1/trades?{days}&limit=1000").json()
    assert f"All {len({leg['trade_id'] for leg in legs['items']})} trade" in text
    for link in downloads(page):
        assert league_api.get(link).text.count("\n") > 3


@pytest.mark.parametrize("path", ["/classes/1901/report", "/classes/first/report", "/classes/%C2%B2015/report"])
def test_an_unknown_one_is_a_sentence(league_api: Api, path: str) -> None:
    page = get(league_api, path)
    assert page.status_code == 404
    assert "The data contain no" in text_of(page)


def test_reports_revalidate_and_refuse_what_means_nothing(league_api: Api) -> None:
    path = f"/classes/{SEASON}/report"
    page = get(league_api, path)
    assert league_api.get(path, headers={**BROWSER, "if-none-match": page.headers["etag"]}).status_code == 304
    refused = get(league_api, f"{path}?measure=luck")
    assert (refused.status_code, "Measure: " in text_of(refused)) == (422, True)
    assert get(league_api, f"{path}?measure=&group=QB").headers["location"] == f"{path}?group=QB"


def test_a_class_without_careers_says_so(league_api: Api) -> None:
    latest = int(str(league_api.items("draft-picks", sort="-season", limit=1, fields="season")[0]["season"]))
    assert "has a career value yet" in text_of(get(league_api, f"/classes/{latest}/report"))


def test_trades_filter_by_day(league_api: Api) -> None:
    first = FIRST_DAYS[SEASON]
    page = league_api.v1("trades", trade_date_min=str(first), trade_date_max=str(first), limit=1000).json()
    assert {leg["trade_date"] for leg in page["items"]} == {str(first)}
    assert page["total"] == sum(leg["trade_date"] == str(first) for leg in league_api.items("trades", season=SEASON, limit=1000))
    for bad in ("2015", "1430352000", "30.4.2015", "2015-02-30"):
        refused = league_api.get(f"/api/v1/trades?trade_date_min={bad}")
        assert (refused.status_code, "must be a day such as 2026-05-06" in refused.text) == (422, True)


@pytest.mark.real_data
def test_the_draft_of_2012_in_retrospect(real_api: Api) -> None:
    text = text_of(get(real_api, "/classes/2012/report"))
    assert "Quarterbacks 8,584 6,002.2 1st of 11" in text
    assert "Russell Wilson QB, pick 75, Seattle Seahawks, Wisconsin 140 20.6 +119.4" in text
    assert "26 to 28 April 2012" in text
    assert "All 28 trades" in text
