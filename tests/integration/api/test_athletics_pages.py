"""The player card, the comparison and the scatter plot have the numbers of the API."""

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
    assert re.search("was not at the combine of 1901|Visit: |Earlier only: |To class: must not be below “From class”", text_of(page))
    assert league_api.get(f"/people/{person_id}?utm_source=x", headers=BROWSER).status_code == 200


def test_people_stand_side_by_side_with_the_numbers_of_the_api(league_api: Api) -> None:
    ids = [*people(league_api, athletic_score_min=1, position="WR")[:2], *people(league_api, position="QB")[:1]]
    joined = ",".join(map(str, ids))
    page = league_api.get(f"/compare?ids={joined}", headers=BROWSER)
    assert page.status_code == 200
    compared = league_api.v1("compare", ids=joined).json()["people"]
    assert re.findall(r'class="player-link" href="/people/(\d+)"', page.text) == [str(person_id) for person_id in ids]
    for person in compared:
        drills = [each for each in person["drills"] if each["percentile"] is not None]
        assert drills
        for drill in drills:
            assert f": percentile {drill['percentile']:,.1f} of {drill['n']:,} " in page.text
    assert re.search(r'href="/compare\?ids=\d+,\d+">Remove', page.text)
    csv = league_api.get(f"/api/v1/analytics/athletic-score?person_id={joined}&format=csv").text
    assert f"person_id={joined}&amp;format=csv" in page.text
    assert {int(row.split(",")[1]) for row in csv.splitlines()[1:]} == set(ids)
    assert league_api.get(f"/compare?ids={joined}", headers={**BROWSER, "if-none-match": page.headers["etag"]}).status_code == 304


def test_people_are_added_by_name(league_api: Api) -> None:
    first, second = people(league_api, athletic_score_min=1)[:2]
    name = str(league_api.v1(f"people/{second}").json()["name"])
    assert "Add them by name" in text_of(league_api.get("/compare", headers=BROWSER))
    answer = league_api.get("/compare", params={"ids": first, "add": name, "earlier_only": "true"}, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/compare?ids={first},{second}&earlier_only=true")
    several = league_api.get(f"/compare?ids={first}&add=a", headers=BROWSER)
    assert len(re.findall(rf'<a href="/compare\?ids={first},\d+">', several.text)) > 1
    missing = league_api.get(f"/compare?ids={first}&add=<b>qqzzxx", headers=BROWSER)
    assert "No further player has the name “<b>qqzzxx”" in text_of(missing)
    assert "<b>qq" not in missing.text


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("ids=1,x", 422, "Players: must be a whole number."),
        ("ids=1,2,3,4,5,6,7", 422, "Players: can have at most 6 values."),
        ("ids=1,999999999", 404, "No person has the ID 999999999."),
        ("ids=999999999", 404, "No person has the ID 999999999."),
        ("ids=1,2&season_min=2020&season_max=2010", 422, "To class: must not be below “From class”."),
        (f"ids=1&add={'x' * 200}", 422, "Add: can have at most 100 characters."),
    ],
)
def test_people_who_cannot_be_compared_are_a_sentence_on_the_page(league_api: Api, query: str, status: int, sentence: str) -> None:
    page = league_api.get(f"/compare?{query}", headers=BROWSER)
    assert page.status_code == status
    assert sentence in text_of(page)
    assert "<h1>Compare players</h1>" in page.text


def points(page: httpx.Response) -> list[tuple[int, float, float]]:
    found = re.findall(r'href="/people/(\d+)" aria-label="[^"]*"><circle cx="([\d.]+)" cy="([\d.]+)"', page.text)
    return [(int(person_id), float(x), float(y)) for person_id, x, y in found]


def test_the_plot_has_every_prospect_with_both_measures(league_api: Api) -> None:
    page = league_api.get("/scatter?x=wt&y=forty&position=WR&season_min=2016", headers=BROWSER)
    assert page.status_code == 200
    rows = league_api.items("prospects", position="WR", season_min=2016, weight_min=0, forty_min=0, limit=1000)
    drawn = points(page)
    assert len(rows) == len(drawn) > 20
    weights = {row["person_id"]: float(str(row["wt"])) for row in rows}
    times = {row["person_id"]: float(str(row["forty"])) for row in rows}
    assert [weights[person_id] for person_id, _, _ in sorted(drawn, key=lambda each: each[1])] == sorted(weights.values())
    assert [times[person_id] for person_id, _, _ in sorted(drawn, key=lambda each: -each[2])] == sorted(times.values())
    [download] = re.findall(r'href="(/api/v1/prospects[^"]*)"', page.text)
    csv = league_api.get(download.replace("&amp;", "&")).text.splitlines()
    assert (len(csv) - 1, csv[0]) == (len(rows), "season,person_id,name,position,college,round,pick,franchise,wt,forty")


def test_a_plot_with_too_many_points_says_so(league_api: Api) -> None:
    page = league_api.get("/scatter", headers=BROWSER)
    total = league_api.v1("prospects", weight_min=0, forty_min=0, limit=1).json()["total"]
    assert total > 300
    assert len(points(page)) == 300
    assert f"{total:,} players: only 300 of them are drawn, those of the latest classes." in text_of(page)
    assert len(page.content) < 300_000


def test_every_measure_can_be_drawn(league_api: Api) -> None:
    names = re.findall(r'<option value="(\w+)"', league_api.get("/scatter").text.partition("</select>")[0])
    assert {"forty", "speed_score", "w_av", "pick", "to", "def_sacks"} <= set(names)
    assert "car_av" not in names
    for x, y in zip(names[::2], names[1::2], strict=True):
        assert league_api.get(f"/scatter?x={x}&y={y}&season=2018").status_code == 200, (x, y)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("x=luck", "X: Unknown measure 'luck'. Choose from round, pick,"),
        ("y=%3Cb%3E", "Y: Unknown measure '<b>'."),
        ("season_min=2020&season_max=2010", "To class: must not be below “From class”."),
        ("position=XX", "Unknown position 'XX'. Choose one of"),
        ("position=qbb", "Unknown position 'qbb'. Did you mean \"QB\"? Choose one of"),
        ("x=fourty", "X: Unknown measure 'fourty'. Did you mean \"forty\"? Choose from round, pick,"),
        ("forty_min=fast", "Forty min: must be a number."),
        ("drafted=maybe", "Drafted: must be true or false."),
        (f"college={'x' * 9000}", "College: can have at most 100 characters."),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence_below_the_form(league_api: Api, query: str, sentence: str) -> None:
    page = league_api.get(f"/scatter?{query}", headers=BROWSER)
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "<b>" not in page.text
    assert points(page) == []
    assert len(page.content) < 25_000


def test_a_plot_without_points_says_so(league_api: Api) -> None:
    page = league_api.get("/scatter?season=1900", headers=BROWSER)
    assert (page.status_code, "No prospect with both measures" in page.text) == (200, True)
    assert league_api.get("/scatter?x=wt&y=&round=").headers["location"] == "/scatter?x=wt"
