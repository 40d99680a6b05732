"""The names of a page's query parameters are checked like those of the API; lists have pages, images and notes on young classes."""

from __future__ import annotations

import re
from html import unescape
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute
from starlette.datastructures import URL

import app.web
from app.web.parameters import without_trackers
from tests.integration.api.test_athletics_pages import BROWSER
from tests.integration.api.test_outcome_pages import get, text_of

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

IN_PATHS = {"season": "2015", "conflict_id": "1", "person_id": "1", "trade_id": "1"}


def _paths(value: str | None = None) -> list[str]:
    """Return the URL of every page and card image, with this value in each path that has a parameter."""
    modules = [import_module(each.name) for each in walk_packages(app.web.__path__, "app.web.") if each.name.endswith("routes")]
    routes = [route.path for module in modules for route in module.router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 30
    return [
        re.sub(r"{(\w+)}", lambda found: value or IN_PATHS.get(found[1], "alabama" if "colleges" in found.string else "bills"), path)
        for path in routes
        if path != "/favicon.ico"
    ]


@pytest.mark.parametrize("path", _paths())
def test_a_page_refuses_a_parameter_that_it_does_not_have(league_api: Api, path: str) -> None:
    page = get(league_api, f"{path}?whatever=")
    assert (page.status_code, page.headers["cache-control"]) == (422, "no-store")
    assert "Unknown query parameter `whatever`. Remove it from the URL." in text_of(page)


@pytest.mark.parametrize("path", [path for path in _paths("%C2%B2") if "%C2%B2" in path])
def test_a_path_that_leads_nowhere_is_a_page_for_every_client(league_api: Api, path: str) -> None:
    page = league_api.get(path, headers={"accept": "application/json"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "²" in text_of(page)


@pytest.mark.parametrize("path", ["/classes/2015?group=QB", "/people/1?", "/colleges?", "/quality?"])
def test_links_from_elsewhere_may_have_more_in_them_which_a_page_does_not_pass_on(league_api: Api, path: str) -> None:
    assert get(league_api, f"{path}&utm_source=mail&gclid=3").text.replace("?&", "?") == get(league_api, path).text


TRACKERS = (
    *(
        "_ga",
        "_gac",
        "_gl",
        "_hsenc",
        "_hsmi",
        "epik",
        "fbclid",
        "gad_source",
        "gbraid",
        "igsh",
        "igshid",
        "li_fat_id",
        "mc_cid",
        "mkt_tok",
    ),
    *("msclkid", "mtm_campaign", "pk_source", "ref", "ref_src", "srsltid", "trk", "utm_medium", "vero_id", "wbraid"),
)


@pytest.mark.parametrize("name", TRACKERS)
def test_the_parameter_of_a_tracker_is_ignored(name: str) -> None:
    url = URL("/people/1?visit=2015")
    assert without_trackers(url.include_query_params(**{name: "1"})) == url


@pytest.mark.parametrize("name", ["page", "picks", "reference", "track", "season_min"])
def test_the_parameter_of_a_page_is_none_of_a_tracker(name: str) -> None:
    url = URL(f"/people/1?{name}=1")
    assert without_trackers(url) == url


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/franchises?hit=xyz", "Unknown query parameter `hit`."),
        ("/scatter?postion=WR", "Unknown query parameter `postion`; did you mean `position`?"),
        ("/classes/2015?rounds=1", "Unknown query parameter `rounds`; did you mean `round`?"),
        ("/trades?season=2015&season=2016", "The query parameter `season` is given more than once. Keep one of them."),
        ("/classes/2015?group=QB&group=WR", "The query parameter `group` is given more than once. Keep one of them."),
        ("/franchises?theme=dark", "Unknown query parameter `theme`."),
        (f"/quality?{'x' * 5000}=1", f"Unknown query parameter `{'x' * 40}…`."),
        ("/quality?%3Cscript%3E=1", "Unknown query parameter `<script>`."),
        ("/classes/2015?round=13", "Round: must be at most 12."),
        ("/classes/2015?sort=luck", "Sort: must be one of pick, name, position,"),
        ("/classes/2015?sort=ages", 'w_av (did you mean "age"?); a leading minus sign reverses the order.'),
        ("/classes/2015?group=WRR", 'Group: must be one of QB, RB, WR, TE, OL, DL, LB, DB, ST (did you mean "WR"?).'),
        ("/classes/2015?franchise=bills,bilz", "Unknown franchise 'bilz'. Did you mean \"bills\""),
        ("/classes/2015?college=alabma", "Unknown college 'alabma'. Did you mean \"alabama\""),
        ("/classes/2015/report?measure=jonson", 'athletic_score (did you mean "johnson"?).'),
        ("/franchises?group=qbb", '(did you mean "QB"?).'),
        ("/trade-calculator?gave=1&charts=jonson", "Unknown chart 'jonson'. Did you mean \"johnson\"?"),
        ("/classes?season=next", "Season: must be a year such as 2020."),
        ("/search?q=a&page=0", "Page: must be at least 1."),
        ("/quality?dataset=nothing", "Dataset: must be one of draft_picks,"),
        ("/identity?state=none", "State: must be one of open,"),
    ],
)
def test_the_message_about_a_wrong_parameter_says_what_to_do(league_api: Api, path: str, sentence: str) -> None:
    page = get(league_api, path)
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "<script>`" not in page.text


def test_a_card_image_of_one_is_an_image(league_api: Api) -> None:
    for path, leads_to in (
        ("/franchises/card.svg?franchise=bills&theme=dark&group=QB", "/franchises/bills/card.svg?group=QB&theme=dark"),
        ("/colleges/card.svg?q=ohio+state&season_min=2010", "/colleges/ohio-state/card.svg?season_min=2010&theme=light"),
    ):
        answer = get(league_api, path)
        assert (answer.status_code, answer.headers["location"]) == (303, leads_to)
        assert get(league_api, leads_to).headers["content-type"] == "image/svg+xml"
    assert "No college matches these filters" in get(league_api, "/colleges/card.svg?q=qqzzxx").text
    assert get(league_api, "/colleges?q=ohio+state&group=QB&page=2").headers["location"] == "/colleges/ohio-state?group=QB"
    refused = league_api.get("/colleges/card.svg?theme=blue", headers=BROWSER)
    assert (refused.status_code, "“blue” is not a theme. Use light or dark." in text_of(refused)) == (422, True)


def test_the_pages_of_colleges_have_all_of_them(league_api: Api) -> None:
    every = league_api.items("colleges", limit=1000)
    assert len(every) > 120
    found: list[str] = []
    url: str | None = "/colleges"
    while url:
        page = get(league_api, url)
        assert page.status_code == 200
        found += re.findall(r'<a href="/colleges/([^"]*)"', page.text)
        assert f"{len(found) // 60 * 60 + 1 if len(found) % 60 else len(found) - 59} to {len(found)} shown" in text_of(page)
        url = next(iter(re.findall(r'<a href="([^"]*)" rel="next"', page.text)), None)
    assert found == [each["slug"] for each in every]
    last = get(league_api, "/colleges?page=999")
    assert re.findall(r'<a href="/colleges/([^"]*)"', last.text)[-1] == found[-1]
    named = get(league_api, "/colleges?q=state&page=1")
    assert 'rel="next"' in named.text or 'class="pager"' not in named.text


def test_from_a_class_that_is_still_growing_on_all_classes_are_counted(league_api: Api) -> None:
    latest = int(str(league_api.items("draft-picks", sort="-season", limit=1, fields="season")[0]["season"]))
    page = get(league_api, f"/franchises?season_min={latest - 1}")
    assert f"Classes {latest - 1} to {latest}" in text_of(page)
    assert f"season_min={latest - 1}&amp;season_max={latest}&amp;" in page.text
    assert f"Classes up to {latest - 5}; later careers are not long enough" in text_of(get(league_api, "/franchises"))


def test_careers_that_are_not_over_are_named_so(league_api: Api) -> None:
    latest = league_api.items("draft-picks", sort="-season", limit=1, fields="season,person_id")[0]
    for path in ("/franchises", "/colleges"):
        text = text_of(get(league_api, f"{path}?season_min={latest['season']}"))
        assert "Careers of the latest classes are not over" in text
        assert "later careers" not in text
        assert "are not over" not in text_of(get(league_api, path))
    person = latest["person_id"]
    [link] = re.findall(r'href="([^"]*)" download="player-', get(league_api, f"/people/{person}").text)
    assert league_api.get(unescape(link)).text.count("\n") == 2


def test_an_empty_search_leads_to_its_page_but_has_no_suggestions_at_once(league_api: Api) -> None:
    assert get(league_api, "/search?q=").headers["location"] == "/search"
    assert get(league_api, "/search/suggestions?q=").status_code == 200


def test_past_the_last_page_of_a_search_is_the_last_one(league_api: Api) -> None:
    first = re.search(r"(\d+) players found, 1 to 25 shown", text_of(get(league_api, "/search?q=j")))
    assert first
    total = int(first[1])
    beyond = get(league_api, "/search?q=j&page=9000")
    assert f"{total} players found, {(total - 1) // 25 * 25 + 1} to {total} shown" in text_of(beyond)
    assert f"page={-(-total // 25) - 1}" in beyond.text
    assert 'rel="next"' not in beyond.text
    assert "0 players found" in text_of(get(league_api, "/search?q=qqzzxx&page=9000"))
