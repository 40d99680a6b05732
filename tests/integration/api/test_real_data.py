"""Numbers that must come out of the real files, asked for as a client does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

pytestmark = pytest.mark.real_data


def total(api: Api, path: str, **parameters: object) -> int:
    response = api.v1(path, limit=1, **parameters)
    assert response.status_code == 200, response.text
    number: int = response.json()["total"]
    return number


def test_first_round_of_2020(real_api: Api) -> None:
    picks = real_api.items("draft-picks", season=2020, round=1, sort="pick")
    assert len(picks) == 32
    assert (picks[0]["name"], picks[0]["team"], picks[0]["franchise"]) == ("Joe Burrow", "CIN", "CIN")
    assert (picks[-1]["name"], picks[-1]["team"], picks[-1]["franchise"]) == ("Clyde Edwards-Helaire", "KAN", "KC")


@pytest.mark.parametrize(("season", "size"), [(1980, 333), (1992, 336), (1993, 224), (2012, 253), (2020, 255), (2026, 257)])
def test_class_sizes_and_contiguous_picks(real_api: Api, season: int, size: int) -> None:
    picks = real_api.items("draft-picks", season=season, limit=1000, fields="pick")
    assert [each["pick"] for each in picks] == list(range(1, size + 1))


def test_rounds_per_era(real_api: Api) -> None:
    for season, last in ((1992, 12), (1993, 8), (1994, 7)):
        assert real_api.items("draft-picks", season=season, sort="-round", limit=1)[0]["round"] == last
    assert [total(real_api, "draft-picks", season=2020, round=number) for number in range(1, 8)] == [32, 32, 42, 40, 33, 35, 41]


@pytest.mark.parametrize(
    ("franchise", "picks"),
    [("ARI", 440), ("rams", 456), ("LV", 400), ("LAC", 417), ("IND", 432), ("BAL", 266), ("TEN", 445), ("HOU", 199), ("CLE", 384)],
)
def test_selections_per_franchise_through_every_move(real_api: Api, franchise: str, picks: int) -> None:
    assert total(real_api, "draft-picks", franchise=franchise) == picks
    assert real_api.v1(f"franchises/{franchise}").json()["franchise"]["picks"] == picks


def test_codes_that_changed_hands_are_decided_by_the_season(real_api: Api) -> None:
    assert real_api.items("draft-picks", franchise="BAL", season=1983)[0]["franchise"] == "IND"
    assert real_api.items("draft-picks", franchise="BAL", season=1996)[0]["franchise"] == "BAL"
    assert real_api.items("draft-picks", franchise="STL", season=1987)[0]["franchise"] == "ARI"
    assert {row["franchise"] for row in real_api.items("draft-picks", franchise="BAL", season="1980,1983", limit=50)} == {"IND"}
    assert real_api.v1("draft-picks", franchise="BAL", season="1983,1996").status_code == 422
    refused = real_api.v1("draft-picks", franchise="STL")
    assert refused.status_code == 422
    assert "cardinals" in refused.text
    assert "rams" in refused.text


def test_2020_counts(real_api: Api) -> None:
    assert total(real_api, "draft-picks", season=2020, franchise="MIN") == 15
    assert total(real_api, "draft-picks", season=2020, franchise="NO") == 4
    assert total(real_api, "draft-picks", season=2020, college="LSU") == 14
    assert total(real_api, "draft-picks", season=2020, position="QB") == 13
    assert total(real_api, "draft-picks", season=1999, franchise="saints") == 1


def test_college_spellings_are_one_college(real_api: Api) -> None:
    for spelling in ("Ohio State", "Ohio St.", "ohio-state"):
        assert total(real_api, "draft-picks", college=spelling) == 284
        assert total(real_api, "combine", college=spelling) == 163 + 65
    assert total(real_api, "combine", college="Miami") == 39 + 143
    assert total(real_api, "combine", college="Miami (OH)") == total(real_api, "combine", college="Miami (Ohio)") < 39


def test_largest_college_classes(real_api: Api) -> None:
    assert total(real_api, "draft-picks", college="texas", season=1984) == 17
    assert total(real_api, "draft-picks", college="georgia", season=2022) == 15


def test_rows_without_a_side_still_have_a_group(real_api: Api) -> None:
    expected = {(1985, 177): "ST", (1991, 285): "ST", (2024, 223): "DB", (2025, 200): "DB", (2026, 14): "OL"}
    for (season, pick), group in expected.items():
        (row,) = real_api.items("draft-picks", season=season, pick=pick, fields="side,position_group")
        assert row == {"side": None, "position_group": group}


def test_hall_of_famers_by_round(real_api: Api) -> None:
    assert total(real_api, "draft-picks", hof="true") == 102
    assert [total(real_api, "draft-picks", hof="true", round=number) for number in range(1, 9)] == [66, 18, 9, 4, 2, 1, 1, 1]


def test_best_careers_first_and_nulls_last(real_api: Api) -> None:
    best = real_api.items("draft-picks", sort="-w_av", limit=4, fields="name,w_av")
    assert [each["w_av"] for each in best] == [184, 176, 169, 167]
    assert best[0]["name"] == "Tom Brady"
    last = real_api.items("draft-picks", sort="-w_av,-season", season_min=2025, limit=1000, fields="w_av")
    values = [each["w_av"] for each in last]
    assert None in values
    assert all(value is None for value in values[values.index(None) :])


def test_combine_shape(real_api: Api) -> None:
    assert total(real_api, "combine") == 8968
    assert [total(real_api, "combine", season=season) for season in (2000, 2021, 2026)] == [321, 464, 319]
    shortest = real_api.items("combine", sort="height_in", limit=1)[0]
    assert (shortest["name"], shortest["height_in"], shortest["season"]) == ("Blake Lynch", 64, 2021)
    assert {each["name"] for each in real_api.items("combine", height_min=82)} == {"Dennis Roland", "Dan Skipper"}


def test_completeness_to_the_second_decimal(real_api: Api) -> None:
    fields = {each["field"]: each["percent"] for each in real_api.items("quality/completeness", dataset="combine")}
    expected = {
        "ht": 99.68,
        "wt": 99.73,
        "forty": 89.64,
        "bench": 60.0,
        "vertical": 75.71,
        "broad_jump": 74.49,
        "cone": 56.58,
        "shuttle": 58.29,
    }
    assert {name: fields[name] for name in expected} == expected


def test_a_dead_column_is_said_to_be_one(real_api: Api) -> None:
    dead = {each["field"] for each in real_api.items("quality/completeness", dataset="draft-picks") if each["dead"]}
    assert dead == {"car_av"}


def test_fast_and_tall(real_api: Api) -> None:
    fast = real_api.items("combine", forty_max=4.299, sort="forty", limit=100)
    assert len(fast) == 30
    assert (fast[0]["name"], fast[0]["forty"], fast[0]["season"]) == ("Xavier Worthy", 4.21, 2024)
    tall = real_api.items("combine", position="WR", height_min=75, forty_max=4.40, sort="forty", limit=100)
    assert len(tall) == 29
    assert [each["name"] for each in tall[:3]] == ["Dont'e Thornton Jr.", "Jeff Caldwell", "D.K. Metcalf"]


def test_combine_entries_of_those_whom_a_franchise_drafted(real_api: Api) -> None:
    entries = real_api.items("combine", franchise="bengals", season=2020, limit=100)
    assert {each["franchise"] for each in entries} == {"CIN"}
    everybody = {each["person_id"] for each in real_api.items("combine", season=2020, limit=1000)}
    picked = {each["person_id"] for each in real_api.items("draft-picks", franchise="CIN", season=2020)}
    assert {each["person_id"] for each in entries} == picked & everybody
    assert "Joe Burrow" in {each["name"] for each in entries}
    # whoever was measured last has no draft results in the combine's own file
    assert total(real_api, "combine", franchise="LV", season=2026) > 0
    wrong = real_api.v1("combine", franchise="XXX")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "franchise")


def test_latest_combine_is_linked_without_draft_results(real_api: Api) -> None:
    assert total(real_api, "combine", season=2026, drafted="true") >= 194
    entry = real_api.items("combine", season=2026, name="Alex Styles")[0]
    person = real_api.v1(f"people/{entry['person_id']}").json()
    assert {person["name"], *(alias["name"] for alias in person["aliases"])} == {"Alex Styles", "Sonny Styles"}
    assert (person["selections"][0]["season"], person["selections"][0]["pick"]) == (2026, 7)


def test_namesakes_are_two_people(real_api: Api) -> None:
    people = real_api.items("people", name="Byron Young")
    slots = sorted((each["selections"][0]["pick"], each["selections"][0]["franchise"]) for each in people)  # type: ignore[index]
    assert slots == [(70, "LV"), (77, real_api.v1("franchises/rams").json()["franchise"]["code"])]


def test_two_selections_of_one_person(real_api: Api) -> None:
    for name, slots in (("Bo Jackson", [(1986, 1), (1987, 183)]), ("Craig Erickson", [(1991, 131), (1992, 86)])):
        with_two = [each for each in real_api.items("people", name=name) if len(each["selections"]) == 2]  # type: ignore[arg-type]
        assert [[(each["season"], each["pick"]) for each in person["selections"]] for person in with_two] == [slots]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["Amaré Barno", "Tré Turner", "Audric Estimé", "Julién Davenport", "Alizé Mack"])
def test_accents_are_kept_and_not_needed(real_api: Api, name: str) -> None:
    plain = name.replace("é", "e")
    spellings = {entry["player_name"] for entry in real_api.items("combine", name=plain, fields="player_name")}
    spellings |= {pick["name"] for pick in real_api.items("draft-picks", name=plain)}
    assert name in spellings
    first, last = plain.lower().split()
    assert real_api.items("people", q=f"{last[:4]} {first}")


def test_percentile_of_the_wide_receivers_forty(real_api: Api) -> None:
    """Mid-rank, times turned round, 1,162 values."""
    expected = {4.21: 99.96, 4.33: 96.26, 4.40: 84.64, 4.50: 51.98, 4.60: 17.25}
    for forty, percentile in expected.items():
        entry = real_api.items("combine", position="WR", forty_min=forty, forty_max=forty, limit=1)[0]
        person = real_api.v1(f"people/{entry['person_id']}").json()
        drills = next(each["drills"] for each in person["combine"] if each["season"] == entry["season"])
        place = next(each["place"] for each in drills if each["drill"] == "forty")
        assert (place["percentile"], place["total"], place["scope"], place["position"]) == (percentile, 1162, "leaf", "WR")


def test_few_values_are_compared_with_the_group_and_say_so(real_api: Api) -> None:
    entries = real_api.items("combine", position="P", sort="-season", limit=1, cone_min=6)
    entries += real_api.items("combine", position="LS", sort="-season", limit=1, cone_min=6)
    assert entries
    for each in entries:
        person = real_api.v1(f"people/{each['person_id']}").json()
        places = [drill["place"] for visit in person["combine"] for drill in visit["drills"] if drill["place"]]
        grouped = [place for place in places if place["scope"] == "group"]
        assert grouped
        assert all("fewer" in place["note"] or "only" in place["note"] for place in grouped)


def test_pages_of_a_class(real_api: Api) -> None:
    pages, cursor = [], None
    while True:
        page = real_api.v1("draft-picks", season=2020, limit=100, **({"cursor": cursor} if cursor else {})).json()
        pages.append([each["pick"] for each in page["items"]])
        assert page["total"] == 255
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [100, 100, 55]
    assert all(earlier < later for earlier, later in pairwise([pick for page in pages for pick in page]))
