"""The sums of a trade that was made, from legs without a database."""

from __future__ import annotations

from app.datasets.pick_values import CHARTS
from app.trades.schemas import TradeLeg
from app.trades.service import _remarks, _side


def leg(number: int, gave: str, received: str, values: dict[str, float | None] | None, *, conditional: bool = False) -> TradeLeg:
    fields = dict.fromkeys(TradeLeg.model_fields)
    clubs = {"gave": gave, "received": received, "gave_franchise": gave, "received_franchise": received}
    return TradeLeg.model_validate({**fields, **clubs, "leg": number, "kind": "pick", "values": values, "conditional": conditional})


def test_a_pick_beyond_one_chart_leaves_no_difference_there() -> None:
    everywhere: dict[str, float | None] = dict.fromkeys(CHARTS, 10.0)
    legs = [leg(1, "WAS", "STL", everywhere), leg(2, "WAS", "STL", {**everywhere, "johnson": None}), leg(3, "STL", "WAS", everywhere)]
    side = _side("WAS", legs)
    assert side.without_value == []
    assert {each.chart: each.difference for each in side.charts} == {**dict.fromkeys(CHARTS, -10), "johnson": None}


def test_remarks_count_one_leg_as_one() -> None:
    legs = [leg(1, "WAS", "STL", None), leg(2, "STL", "WAS", dict.fromkeys(CHARTS, 1.0), conditional=True)]
    assert _remarks(legs, [_side(club, legs) for club in ("WAS", "STL")]) == [
        "1 of 2 legs has no value on the charts; the sums leave it out.",
        "1 of 2 legs depended on a condition; the sums count it as if it had been met.",
    ]


def test_a_trade_before_the_charts_are_loaded_says_how_to_load_them() -> None:
    legs = [leg(number, *clubs, None) for number, clubs in ((1, ("WAS", "STL")), (2, ("STL", "WAS")))]
    for each in legs:
        each.note = "No pick values are loaded."
    [remark] = _remarks(legs, [_side(club, legs) for club in ("WAS", "STL")])
    assert remark == "No pick values are loaded. Load them: dq etl run --dataset pick_values --from DIR"
