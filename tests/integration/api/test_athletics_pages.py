"""The player card and the page of a comparison have the numbers of the API."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

BROWSER = {"accept": "text/html"}


def text_of(response: httpx.Response) -> str:
    """What a reader sees: without tags, in one line."""
    return " ".join(html.unescape(re.sub("<[^>]*>", "", response.text)).split())


def people(api: Api, **filters: object) -> list[int]:
    """Ids of people whose only visit to the combine passes the filters."""
    rows = api.items("analytics/athletic-score", fields="person_id,athletic_score,athletic_metrics", limit=200, **filters)
    return [int(str(row["person_id"])) for row in rows]


def test_a_card_has_the_score_the_percentiles_and_the_comparables(league_api: Api) -> None:
    person_id = people(league_api, athletic_score_min=1, position="WR")[0]
    page = league_api.get(f"/people/{person_id}", headers=BROWSER)
    shown = text_of(page)
    score = league_api.v1(f"people/{person_id}/athletic-score").json()["athletic_score"]
    assert f"{score['score']:.2f} of 10" in shown
    assert f"Ranked among {score['n']:,} wide receivers" in shown
    alike = league_api.v1(f"people/{person_id}/comparables", limit=8).json()["comparables"]
    assert re.findall(r'class="player-link" href="/people/(\d+)"', page.text) == [str(each["person_id"]) for each in alike]
    assert f'href="/compare?ids={person_id},{alike[0]["person_id"]}"' in page.text
    for each in league_api.v1(f"people/{person_id}/percentiles").json()["drills"]:
        if each["drill"] == "forty":
            assert f"40 yards {each['percentile']:.0f}" in page.text


def test_a_card_can_look_at_earlier_classes_only(league_api: Api) -> None:
    person_id = people(league_api, athletic_score_min=1, position="WR", season_min=2015)[0]
    every, earlier = (league_api.get(f"/people/{person_id}{query}", headers=BROWSER) for query in ("", "?earlier_only=true"))
    assert f"/people/{person_id}?earlier_only=true#athletics" in every.text
    counted = [league_api.v1(f"people/{person_id}/comparables", earlier_only=only).json()["n"] for only in (False, True)]
    assert counted[0] > counted[1] > 0
    for n, page in zip(counted, (every, earlier), strict=True):
        assert f"The nearest of {n:,} wide receivers" in text_of(page)


def test_what_cannot_be_computed_has_its_reason(league_api: Api) -> None:
    rows = league_api.items("analytics/athletic-score", fields="person_id,athletic_metrics", sort="athletic_metrics", limit=1)
    few = int(str(rows[0]["athletic_metrics"]))
    assert few < 5
    shown = text_of(league_api.get(f"/people/{rows[0]['person_id']}", headers=BROWSER))
    assert f"no score {few} of 8 measurements; at least 5 are needed." in shown
    never = league_api.items("prospects", measured="false", fields="person_id", limit=1)[0]["person_id"]
    page = league_api.get(f"/people/{never}", headers=BROWSER)
    assert (page.status_code, 'id="athletics"' in page.text) == (200, False)


@pytest.mark.parametrize("query", ["visit=1901", "visit=x", "earlier_only=perhaps", "season_min=2020&season_max=2010"])
def test_a_card_that_cannot_be_shown_says_why(league_api: Api, query: str) -> None:
    person_id = people(league_api, athletic_score_min=1)[0]
    page = league_api.get(f"/people/{person_id}?{query}", headers=BROWSER)
    assert page.status_code == 422
    assert re.search("was not at the combine of 1901|Visit: |Earlier only: |Season max: must not be below season_min", text_of(page))
    assert league_api.get(f"/people/{person_id}?utm_source=x", headers=BROWSER).status_code == 200
