"""Trades in full and the trade calculator, with numbers counted independently from the real files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Api


def calculate(api: Api, **trade: object) -> httpx.Response:
    return api.post("/api/v1/trade-calculator", json=trade)


def side(trade: dict[str, Any], franchise: str) -> dict[str, tuple[float | None, float | None]]:
    """What a side gave and received, by chart."""
    [found] = [each for each in trade["sides"] if each["franchise"] == franchise]
    return {each["chart"]: (each["gave"], each["received"]) for each in found["charts"]}


@pytest.mark.real_data
def test_the_trade_for_robert_griffin(real_api: Api) -> None:
    trade = real_api.v1("trades/503").json()
    worth = {"johnson": (5490, 2600), "hill": (1569.45, 717.17), "otc": (7134, 2635), "stuart": (79.6, 30.2), "pff": (3.089, 1.099)}
    assert side(trade, "WAS") == worth
    assert (trade["complete"], trade["remarks"], trade["trade_date"]) == (True, [], "2012-03-14")
    became = {(leg["pick_season"], leg["pick_number"]): leg["became"]["name"] for leg in trade["legs"]}
    assert became[2012, 2] == "Robert Griffin III"
    assert len(became) == 5
    texts = ["6", "39", "2013r1#22", "2014#2"]
    charts = {each["chart"]: each for each in calculate(real_api, gave=texts, received=["2"]).json()["charts"]}
    assert {name: (each["gave"], each["received"]) for name, each in charts.items()} == worth
    assert charts["johnson"]["difference"] == -2890
    assert charts["johnson"]["received_equivalent"] == 2
    assert charts["johnson"]["gave_equivalent"] is None, "no pick is worth as much"


@pytest.mark.real_data
def test_the_trade_for_julio_jones(real_api: Api) -> None:
    trade = side(real_api.v1("trades/458").json(), "ATL")
    assert {name: trade[name] for name in ("johnson", "hill", "otc")} == {
        "johnson": (1896, 1600), "hill": (611.57, 446.15), "otc": (4459, 2056),
    }  # fmt: skip


@pytest.mark.real_data
def test_trades_are_found_by_player(real_api: Api) -> None:
    """By the player that the file names, or by the one who was selected with the pick, whom it does not name since 2024."""
    assert {leg["trade_id"] for leg in real_api.items("trades", name="Julio Jones")} == {458, 1590}
    [leg] = real_api.items("trades", q="caleb williams")
    assert (leg["trade_id"], leg["pick_number"], leg["pfr_name"]) == (1724, 1, None)
    [williams] = real_api.items("draft-picks", season=2024, pick=1)
    assert real_api.items("trades", person_id=williams["person_id"]) == [leg]
    assert "The source names Jahan Dotson for pick 19 of 2022" in real_api.v1("trades/1645").json()["remarks"][-1]


@pytest.mark.real_data
def test_every_kind_of_trade_is_shown(real_api: Api) -> None:
    for trade_id in (6, 117, 164, 384, 1629):
        trade = real_api.v1(f"trades/{trade_id}").json()
        assert len(trade["sides"]) == (4 if trade_id == 1629 else 3), trade_id
        assert sorted(leg for each in trade["sides"] for leg in each["gave"]) == [leg["leg"] for leg in trade["legs"]]
    for trade_id in (93, 96, 99, 101, 106, 111):
        trade = real_api.v1(f"trades/{trade_id}").json()
        assert (trade["complete"], len(trade["sides"])) == (False, 2), trade_id
        assert "not complete" in trade["remarks"][0]
        assert {each["difference"] for part in trade["sides"] for each in part["charts"]} == {None}
    conditional = real_api.items("trades", conditional=True, limit=1, fields="trade_id,leg")[0]
    legs = {leg["leg"]: leg for leg in real_api.v1(f"trades/{conditional['trade_id']}").json()["legs"]}
    assert legs[conditional["leg"]]["conditional"] is True


@pytest.mark.real_data
def test_no_trade_fails_and_every_sum_is_that_of_its_legs(real_api: Api) -> None:
    """Every fifth of the first and the last trades, with unknown picks, players and conditions as they come."""
    notes = set()
    legs = [*real_api.items("trades", sort="trade_id", limit=800), *real_api.items("trades", sort="-trade_id", limit=800)]
    for trade_id in sorted({leg["trade_id"] for leg in legs}, key=str)[::5]:
        trade = real_api.v1(f"trades/{trade_id}").json()
        values = {leg["leg"]: leg["values"] for leg in trade["legs"]}
        notes |= {leg["note"] for leg in trade["legs"]}
        for part in trade["sides"]:
            assert part["without_value"] == sorted(leg for leg in {*part["gave"], *part["received"]} if values[leg] is None)
            for chart in part["charts"]:
                given = [values[leg][chart["chart"]] for leg in part["gave"] if values[leg] is not None]
                assert chart["gave"] == (pytest.approx(sum(given), abs=1e-3) if given else None), trade_id
                assert (chart["difference"] is None) == bool(part["without_value"] or not part["gave"] or not part["received"]), trade_id
    assert notes == {None, "A player has no value on a chart of picks.", "The number of the pick is not known."}


@pytest.mark.parametrize(
    ("trade", "field"),
    [
        ({"gave": ["6"], "received": ["6"]}, "received"),
        ({"gave": ["263"], "received": ["1"]}, "gave"),
        ({"gave": ["6"], "received": ["1"], "charts": ["jonson"]}, "charts"),
        ({"gave": ["6"], "received": ["1"], "discount": 1.5}, "discount"),
        ({"gave": ["6"], "received": ["1"], "discunt": 0.1}, "discunt"),
        ({"gave": ["1"] * 51, "received": []}, "gave"),
        ({"gave": ["first"], "received": []}, "gave"),
        ({"gave": "6"}, "gave"),
        ({}, "gave"),
    ],
)
def test_bad_trades_are_refused(league_api: Api, trade: dict[str, object], field: str) -> None:
    response = calculate(league_api, **trade)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"].partition(".")[0] == field


def test_a_body_that_is_no_trade_is_refused(league_api: Api) -> None:
    for body in (b"", b"{", b"[]", b"null", b'{"gave": ["1"], "discount": NaN}', b"\xff\xfe", b"1" * 2_000):
        response = league_api.post("/api/v1/trade-calculator", content=body, headers={"content-type": "application/json"})
        assert response.status_code == 422, (body, response.text)
    broken = league_api.post("/api/v1/trade-calculator", content=b"{", headers={"content-type": "application/json"})
    assert broken.json()["errors"] == [{"field": "body", "message": "This is not valid JSON."}]
    assert league_api.get("/api/v1/trade-calculator").status_code == 405
    assert league_api.v1("trades/999999999").status_code == 404
    assert league_api.v1("trades/nothing").status_code == 422


def test_a_refusal_is_short(league_api: Api) -> None:
    for wrong in ({f"{number}{'x' * 1_000}": 1 for number in range(60)}, {"charts": ["x" * 60_000]}):
        response = calculate(league_api, gave=["1"], **wrong)
        assert response.status_code == 422
        assert len(response.json()["errors"]) <= 20
        assert len(response.content) < 10_000


def test_made_up_trades_say_so(league_api: Api) -> None:
    trade = league_api.v1("trades/1").json()
    assert trade["synthetic"] is True
    assert any(leg["became"] for leg in trade["legs"])
    worth = calculate(league_api, gave=["1"], received=["2", "2027r1"], discount=0.5).json()
    assert (worth["synthetic"], worth["received"][1]["factor"], worth["received"][1]["estimated"]) == (True, 0.5, True)
