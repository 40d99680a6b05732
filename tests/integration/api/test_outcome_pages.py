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
    return f"{number:,.3f}".rstrip("0").rstrip(".").replace("-", "−")


def signed(number: float) -> str:
    rounded = round(number, 1)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{shown(abs(rounded))}"


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


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/classes/1901/report", "The data contain no draft class for 1901."),
        ("/classes/%C2%B2015/report", "The data contain no draft class for ²015."),
        ("/franchises/raider", "Unknown franchise 'raider'. Did you mean \"raiders\""),
        ("/franchises/STL", "STL has been used by more than one franchise"),
        ("/franchises/%00", "Unknown franchise"),
        ("/colleges/ohio-stat", 'Did you mean "ohio-state"'),
        (f"/colleges/{'x' * 4000}", "Unknown college"),
    ],
)
def test_an_unknown_one_is_a_sentence(league_api: Api, path: str, sentence: str) -> None:
    page = get(league_api, path)
    assert page.status_code == 404
    assert sentence in text_of(page)
    assert len(page.text) < 10_000


@pytest.mark.parametrize(("kind", "slug", "by"), [("franchise", "raiders", "round"), ("college", "alabama", "group")])
@pytest.mark.parametrize("query", ["", "hit=games&at_least=20&season_min=2012&season_max=2019"])
def test_a_record_has_the_numbers_of_the_api(league_api: Api, kind: str, slug: str, by: str, query: str) -> None:
    page = get(league_api, f"/{kind}s/{slug}?{query}")
    assert page.status_code == 200
    text = text_of(page)
    rates = league_api.get(f"/api/v1/analytics/hit-rates?{kind}={slug}&group_by={by}&{query}").json()["items"]
    assert len(rates) > 1
    for row in rates:
        rate, lower, upper = (f"{100 * row[name]:.1f}" for name in ("rate", "lower", "upper"))
        assert f"{rate} % {lower} to {upper} {row['hits']} of {row['n']}" in text
    season_max = 2019 if query else max(row["last_season"] for row in rates)
    first = "season_min=2012&" if query else ""
    picks = league_api.get(f"/api/v1/analytics/value-over-expected?{kind}={slug}&{first}season_max={season_max}").json()["items"]
    best = [row for row in picks if row["value_over_expected"] > 0][:8]
    assert best or query
    assert all(f"{shown(row['w_av'])} {shown(round(row['expected_w_av'], 1))} {signed(row['value_over_expected'])}" in text for row in best)
    files = [league_api.get(link) for link in downloads(page)]
    assert [each.status_code for each in files] == [200] * (5 if kind == "franchise" else 4)
    assert all(each.text.count("\n") > 1 for each in files)


def test_a_draft_is_graded_among_those_of_its_class(league_api: Api) -> None:
    rows = league_api.get(f"/api/v1/analytics/value-over-expected/groups?group_by=franchise&season={SEASON}").json()["items"]
    known = sorted((row["value_over_expected"] for row in rows if row["value_over_expected"] is not None), reverse=True)
    own = next(row["value_over_expected"] for row in rows if row["franchise"] == "BUF")
    bar = f"{SEASON}: {signed(own)}, {known.index(own) + 1}"
    assert re.search(rf"<title>{re.escape(bar)}(st|nd|rd|th) of {len(known)}</title>", get(league_api, "/franchises/bills").text)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/franchises/OAK?group=QB", "/franchises/raiders?group=QB"),
        ("/franchises/oakland%20raiders", "/franchises/raiders"),
        ("/franchises?franchise=LV", "/franchises/LV"),
        ("/franchises/raiders?group=&hit=games&at_least=3", "/franchises/raiders?hit=games&at_least=3"),
        ("/colleges/Ohio%20St.", "/colleges/ohio-state"),
        ("/colleges?q=ohio%20state", "/colleges/ohio-state"),
    ],
)
def test_every_name_leads_to_one_address(league_api: Api, path: str, leads_to: str) -> None:
    answer = get(league_api, path)
    assert answer.headers["location"] == leads_to
    assert answer.status_code in (303, 307)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/franchises/raiders?hit=w_av", "A hit by w_av needs a number, such as 50."),
        ("/franchises/raiders?season_min=2020&season_max=2010", "To class: must not be below “From class”."),
        ("/franchises/raiders?at_least=0", "At least: must be at least 1."),
        ("/colleges/alabama?group=XX", "Group: "),
        ("/colleges?q=!!", "must contain a letter or a digit"),
        ("/franchises?season_min=then", "From class: must be a whole number."),
    ],
)
def test_a_filter_that_means_nothing_is_a_sentence_on_the_page(league_api: Api, path: str, sentence: str) -> None:
    page = get(league_api, path)
    assert (page.status_code, page.headers["cache-control"]) == (422, "no-store")
    assert sentence in text_of(page)


def test_the_tables_compare_all_franchises_and_the_colleges(league_api: Api) -> None:
    rows = league_api.get("/api/v1/analytics/value-over-expected/groups?group_by=franchise").json()["items"]
    page = get(league_api, "/franchises")
    assert page.text.count('<a href="/franchises/') == len(rows)
    assert all(f"{signed(row['mean'])} {signed(row['value_over_expected'])} {shown(row['n'])}" in text_of(page) for row in rows)
    most = league_api.items("colleges", limit=60)
    page = get(league_api, "/colleges")
    assert re.findall(r'<a href="/colleges/([^"]*)"', page.text) == [each["slug"] for each in most]
    for path in ("/franchises", "/colleges"):
        assert [league_api.get(link).status_code for link in downloads(get(league_api, path))] == [200]
    assert "No college matches these filters" in text_of(get(league_api, "/colleges?q=qqzzxx"))


def test_lists_and_cards_lead_to_the_pages(league_api: Api) -> None:
    page = get(league_api, f"/classes/{SEASON}")
    pick = next(each for each in league_api.items("draft-picks", season=SEASON, limit=40) if each["college_slug"])
    assert f'href="/colleges/{pick["college_slug"]}"' in page.text
    assert f'href="/classes/{SEASON}/report"' in page.text
    for path in ("/franchises/", "/colleges/"):
        linked = set(re.findall(rf'href="({path}[^"]*)"', page.text))
        assert {get(league_api, each).status_code for each in sorted(linked)[:2]} == {200}
    card = get(league_api, f"/people/{pick['person_id']}").text
    assert f'href="/colleges/{pick["college_slug"]}"' in card
    assert 'href="/franchises/' in card


def test_reports_revalidate_and_refuse_what_means_nothing(league_api: Api) -> None:
    path = f"/classes/{SEASON}/report"
    page = get(league_api, path)
    for held in (page.headers["etag"], "*"):
        assert league_api.get(path, headers={**BROWSER, "if-none-match": held}).status_code == 304
    for wrong, status in (("/classes/1901/report", 404), (f"{path}?measure=luck", 422)):
        assert league_api.get(wrong, headers={**BROWSER, "if-none-match": "*"}).status_code == status
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


@pytest.mark.real_data
def test_the_raiders_are_one_franchise_in_every_city(real_api: Api) -> None:
    text = text_of(get(real_api, "/franchises/raiders"))
    assert "Oakland Raiders 1960 to 1981 Los Angeles Raiders 1982 to 1994 Oakland Raiders 1995 to 2019" in text
    assert "JaMarcus Russell QB, pick 1 of 2007, Oakland Raiders, LSU 6 80 −74" in text
    assert "Round 1 66.0 % 51.7 to 77.8 31 of 47" in text
