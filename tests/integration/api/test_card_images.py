"""Card images: each view with a drawing as one SVG file that needs nothing else, with the numbers of its page."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from app.middleware.security_headers import IMAGE_HEADERS

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Api

VIEWS = {
    "player": "/people/{person}",
    "comparison": "/compare?ids={person},{other}",
    "plot": "/scatter?position=WR",
    "trade": "/trades/1",
    "calculator": "/trade-calculator?gave=6,39&received=2",
    "quality": "/quality?dataset=combine",
    "class": "/classes/2026",
    "report": "/classes/2015/report",
    "franchises": "/franchises",
    "franchise": "/franchises/bills",
    "colleges": "/colleges",
    "college": "/colleges/{college}",
}


def texts(card: httpx.Response) -> list[str]:
    """What the drawing says; it is well-formed."""
    assert card.status_code == 200, card.text
    root = ElementTree.fromstring(card.content)  # noqa: S314 - our own response
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture(scope="module")
def people(league_api: Api) -> list[int]:
    """Two receivers with a score."""
    rows = league_api.items("analytics/athletic-score", position="WR", athletic_score_min=1, fields="person_id", limit=2)
    return [int(str(row["person_id"])) for row in rows]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
def test_a_page_names_its_image_which_needs_nothing_else(league_api: Api, people: list[int], view: str) -> None:
    college = league_api.items("colleges", sort="-picks", limit=1)[0]["slug"]
    page = league_api.get(view.format(person=people[0], other=people[1], college=college))
    [snippet] = re.findall(r'class="snippet">(.*?)</code>', page.text)
    [url] = re.findall(r'<img src="([^"]+)" width="720" alt="[^"]+">', html.unescape(snippet))
    address = html.unescape(url)
    assert address.startswith(f"{league_api.base_url}/")
    assert "/card.svg" in address

    card = league_api.get(address)
    assert card.headers["content-type"] == "image/svg+xml"
    assert [(name, card.headers[name.decode()].encode()) for name, _ in IMAGE_HEADERS] == list(IMAGE_HEADERS)
    words = texts(card)
    assert any(word.startswith("Synthetic data, made up · data version ") for word in words)
    for foreign in ("href", "url(", "@import", "<script", "<foreignObject", "<image", "var("):
        assert foreign not in card.text, foreign
    if tag := page.headers.get("etag"):
        assert league_api.get(address, headers={"if-none-match": card.headers["etag"]}).status_code in (200, 304)
        assert (card.headers["etag"], card.headers["cache-control"]) == (tag, "no-cache")

    dark = league_api.get(address, params={**dict(card.request.url.params), "theme": "dark"})
    assert texts(dark) == words
    assert "#151d19" in dark.text
    assert "#151d19" not in card.text


def test_a_card_has_the_percentiles_and_the_score_of_the_person(league_api: Api, people: list[int]) -> None:
    words = texts(league_api.get(f"/people/{people[0]}/card.svg"))
    score = league_api.v1(f"people/{people[0]}/athletic-score").json()
    assert score["name"] in words
    assert f"{score['athletic_score']['score']:.2f}" in words
    drills = league_api.v1(f"people/{people[0]}/percentiles").json()["drills"]
    shown = [f"{each['percentile']:.1f}" for each in drills if each["percentile"] is not None]
    assert len(shown) > 4
    assert set(shown) <= set(words)
    detail = league_api.v1(f"people/{people[0]}").json()
    place = f"in {detail['selections'][0]['season']}" if detail["selections"] else "not selected"
    assert any(place in word for word in words)


def test_who_was_never_at_the_combine_has_the_career_on_the_card(league_api: Api) -> None:
    pick = league_api.items("draft-picks", season=1985, sort="-games", fields="person_id,games,college_name", limit=1)[0]
    words = texts(league_api.get(f"/people/{pick['person_id']}/card.svg"))
    assert "No combine results; the career" in words
    assert words[words.index("Games") + 1] == str(pick["games"])


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/people/1/card.svg?theme=blue", 422, "“blue” is not a theme. Use light or dark."),
        ("/people/999999999/card.svg", 404, "no player with the ID 999999999"),
        ("/compare/card.svg?ids=1,x", 422, "Players: must be a whole number."),
        ("/trades/x/card.svg", 404, "not the number of a trade"),
    ],
)
def test_what_is_not_a_card_is_an_error(league_api: Api, path: str, status: int, sentence: str) -> None:
    answer = league_api.get(path)
    assert answer.status_code == status
    assert sentence in html.unescape(answer.text)


def test_another_name_of_a_franchise_leads_to_its_image(league_api: Api) -> None:
    answer = league_api.get("/franchises/BUF/card.svg?theme=dark")
    assert answer.headers["location"] == "/franchises/bills/card.svg?theme=dark"


def test_empty_parameters_do_not_lead_from_the_image_to_the_page(league_api: Api) -> None:
    for path in ("/scatter/card.svg?x=wt&y=&theme=dark", "/classes/2026/card.svg?q="):
        assert league_api.get(path).headers["content-type"] == "image/svg+xml"
