"""Player cards and search results of players without a selection, the start page, and the names that franchises had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

pytestmark = pytest.mark.real_data


def card(api: Api, name: str, season: int) -> str:
    [person] = [each["person_id"] for each in api.items("people", name=name) if each["first_season"] == season]
    return api.get(f"/people/{person}").text


def test_a_card_has_how_a_player_came_into_the_league(real_api: Api) -> None:
    pryor = card(real_api, "Terrelle Pryor", 2011)
    assert "Ohio State · supplemental draft of 2011, round 3 · in the league 2011 to 2018 · born 20 June 1989<" in pryor
    assert "Chosen by the Oakland Raiders in the 3rd round of the supplemental draft. On record in the league: 2011 to 2018." in pryor
    assert "not selected" not in pryor.lower()
    assert "/api/v1/players?person_id=" in pryor, "nothing about him is in the table of prospects"
    assert "combine of 2003 · not selected · in the league 2003 to 2016" in card(real_api, "Tony Romo", 2003)
    assert "selected in 1977, round 1" in card(real_api, "A.J. Duhe", 1977)
    rashad = card(real_api, "Ahmad Rashad", 1974)
    assert "Oregon · selection not on record · in the league 1974 to 1982" in rashad
    assert "On record in the league: 1974 to 1982. The draft file begins with the class of 1980." in rashad
    burrow = card(real_api, "Joe Burrow", 2020)
    assert "LSU · 1st overall in 2020 · born 10 December 1996<" in burrow
    assert "<dt>ESPN</dt><dd>3915511</dd>" in burrow
    [person] = real_api.items("people", name="Joe Burrow")
    assert "1st overall in 2020, Cincinnati Bengals<" in real_api.get(f"/people/{person['person_id']}/card.svg").text


def test_search_claims_no_combine_and_no_missing_selection(real_api: Api) -> None:
    found = {
        name: real_api.get("/search", params={"q": name}).text for name in ("Terrelle Pryor", "Gregg Robinson", "Tony Romo", "Ahmad Rashad")
    }
    assert "WR · Ohio State · supplemental draft of 2011, round 3, in the league 2011 to 2018<" in found["Terrelle Pryor"]
    assert "DE · Dartmouth · selected in 1978, round 6, in the league in 1978<" in found["Gregg Robinson"]
    assert "QB · Eastern Illinois · combine of 2003, not selected, in the league 2003 to 2016<" in found["Tony Romo"]
    assert "WR · Oregon · selection not on record, in the league 1974 to 1982<" in found["Ahmad Rashad"]


def test_a_misspelt_name_is_answered_with_the_nearest_names(real_api: Api) -> None:
    for text, name in (("Mahommes", "Patrick Mahomes"), ("Joe Burow", "Joe Burrow"), ("tom bradey", "Tom Brady")):
        page = real_api.get("/search", params={"q": text}).text
        assert "Did you mean" in page
        assert f">{name}</a>" in page
    for text in ("Patrick Mahomes", "xqz", "a b c d e"):
        assert "Did you mean" not in real_api.get("/search", params={"q": text}).text


def test_the_start_page_counts_every_data_set(real_api: Api) -> None:
    page = real_api.get("/").text
    places = [
        page.index(text) for text in ("12,927</b> selections, 1980–2026", "8,968</b> combine entries, 2000–2026", "24,331</b> players<")
    ]
    assert places == sorted(places)
    assert "262</b> " in page
    assert "4,847</b> trade legs, 2002–2025" in page


def test_a_trade_names_franchises_as_they_were_called(real_api: Api) -> None:
    page = real_api.get("/trades/503").text
    assert "St. Louis Rams and Washington Redskins" in page
    assert "selected by the St. Louis Rams" in page
    assert "Los Angeles Rams gave" not in real_api.get("/trades?season=2012").text
