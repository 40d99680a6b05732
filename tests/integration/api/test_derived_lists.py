"""Lists that follow from a declaration alone: trades and pick values of the real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

pytestmark = pytest.mark.real_data


def test_trades_filter_by_either_side(real_api: Api) -> None:
    page = real_api.v1("trades", limit=1).json()
    assert page["total"] == 4847
    legs = real_api.items("trades", trade_id=503)
    assert {leg["gave_franchise"] for leg in legs} == {"WAS", "LAR"}
    assert sum(leg["gave"] == "WAS" for leg in legs) == 4
    either = real_api.v1("trades", franchise="rams", limit=1).json()["total"]
    gave = real_api.v1("trades", gave="rams", limit=1).json()["total"]
    received = real_api.v1("trades", received="rams", limit=1).json()["total"]
    assert 0 < gave < either == gave + received


def test_one_trade_as_of_a_load(real_api: Api) -> None:
    [load] = real_api.items("etl/runs", dataset="trades", state="loaded", fields="run_id")
    assert real_api.v1("trades/503", as_of=load["run_id"]).json() == real_api.v1("trades/503").json()
    refused = real_api.v1("trades/503", as_of="2001-01-01")
    assert (refused.status_code, "The trades, pick values and draft picks are known as of load" in refused.text) == (422, True)


def test_a_traded_player_is_the_person_who_was_drafted(real_api: Api) -> None:
    leg = real_api.items("trades", trade_id=503, gave="rams")[0]
    assert (leg["trade_date"], leg["pick_season"], leg["pick_number"]) == ("2012-03-14", 2012, 2)
    selections = real_api.v1(f"people/{leg['person_id']}").json()["selections"]
    assert [(each["season"], each["pick"]) for each in selections] == [(2012, 2)]


def test_a_column_of_days_sorts_and_pages(real_api: Api) -> None:
    first = real_api.v1("trades", sort="-trade_date", limit=3).json()
    assert first["items"][0]["trade_date"] == "2025-08-28"
    following = real_api.v1("trades", sort="-trade_date", limit=3, cursor=first["next"]).json()["items"]
    assert following[0]["trade_date"] <= first["items"][-1]["trade_date"]


def test_every_chart_of_a_pick(real_api: Api) -> None:
    [first] = real_api.items("pick-values", pick=1)
    assert first == {"pick": 1, "stuart": 34.6, "johnson": 3000, "hill": 1000, "otc": 3000, "pff": 1.135}
    last = real_api.v1("pick-values", sort="-pick", limit=1).json()
    assert (last["total"], last["items"][0]["pick"], last["items"][0]["johnson"]) == (262, 262, 0)


def test_exports_and_completeness_have_them(real_api: Api) -> None:
    names = [item["dataset"] for item in real_api.v1("exports").json()["items"]]
    assert names[::2] == ["draft_picks", "combine", "players", "pick_values", "trades", "prospects", "person_ids"]
    complete = real_api.v1("quality/completeness", dataset="trades").json()["items"]
    assert [item["field"] for item in complete][:3] == ["trade_id", "season", "trade_date"]
    assert real_api.v1("trades", gave="nowhere").json()["errors"][0]["field"] == "gave"


def test_their_responses_are_validated_like_all_others(real_api: Api) -> None:
    tag = real_api.v1("pick-values", pick=1).headers["etag"]
    assert tag
    csv = real_api.v1("pick-values", format="csv", pick_max=2)
    assert csv.text.splitlines()[:2] == ["pick,stuart,johnson,hill,otc,pff", "1,34.6,3000,1000,3000,1.135"]


def test_supplemental_selections_and_careers_of_the_undrafted(real_api: Api) -> None:
    page = real_api.v1("players", selection="supplemental", sort="-draft_year,name", limit=3).json()
    assert (page["total"], [item["name"] for item in page["items"]]) == (84, ["Jalen Thompson", "Adonis Alexander", "Sam Beal"])
    [romo] = real_api.items("players", pfr_id="RomoTo00")
    assert (romo["selection"], romo["rookie_season"], romo["last_season"], romo["draft_age_days"]) == ("undrafted", 2003, 2016, None)
    assert [item["person_id"] for item in real_api.items("players", name="Tony Romo")] == [romo["person_id"]]
    ids = real_api.v1("people", pfr_id="RomoTo00").json()["items"]
    assert [person["person_id"] for person in ids] == [romo["person_id"]]
    youngest = real_api.items("players", draft_year=2020, sort="draft_age_days", limit=1)[0]
    assert (youngest["name"], youngest["draft_age_years"], youngest["draft_age_days"]) == ("Noah Igbinoghene", 20, 7453)
    wrong = real_api.v1("players", selection="undraftd")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "selection")


def test_a_player_who_was_neither_selected_nor_measured_has_a_card(real_api: Api) -> None:
    [warner] = real_api.items("players", name="Kurt Warner")
    person = real_api.v1(f"people/{warner['person_id']}").json()
    assert (person["selections"], person["combine"]) == ([], [])
    [career] = person["careers"]
    assert (career["birth_date"], career["rookie_season"], career["last_season"]) == ("1971-06-22", 1998, 2009)
    card = real_api.get(f"/people/{warner['person_id']}")
    assert (card.status_code, "Kurt Warner" in card.text) == (200, True)
