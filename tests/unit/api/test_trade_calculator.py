"""The trade calculator by its properties, on charts of its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.datasets.pick_values import CHARTS
from app.errors import InvalidParameter
from app.pick_values.calculator import compare, equivalent
from app.pick_values.schemas import TradeRequest

#: Falling, level, and ending in zeros, as the published charts are.
VALUES = {name: {pick: float(max(0, 3000 // (pick + place) - 12)) for pick in range(1, 263)} for place, name in enumerate(CHARTS)}
LATEST = 2026
PICKS = st.lists(st.integers(1, 262), min_size=1, max_size=8, unique=True)
YEARS = st.integers(0, 3)


def asked(gave: list[str], received: list[str], **options: object) -> TradeRequest:
    return TradeRequest.model_validate({"gave": gave, "received": received, **options})


@settings(max_examples=60)
@given(picks=PICKS, years=YEARS, discount=st.floats(0, 0.99), cut=st.integers(0, 8))
def test_both_sides_are_sums_and_change_places(picks: list[int], years: int, discount: float, cut: int) -> None:
    texts = [f"{LATEST + years}#{pick}" for pick in picks]
    one = compare(asked(texts[:cut], texts[cut:], season=LATEST, discount=discount), VALUES, LATEST)
    other = compare(asked(texts[cut:], texts[:cut], season=LATEST, discount=discount), VALUES, LATEST)
    for there, back in zip(one.charts, other.charts, strict=True):
        assert back.difference is not None
        assert (there.gave, there.received, there.difference) == (back.received, back.gave, -back.difference)
        exact = sum(VALUES[there.chart][pick] for pick in picks[:cut]) * (1 - discount) ** years
        assert there.gave == pytest.approx(exact, abs=1e-3)
        assert there.difference_equivalent == back.difference_equivalent


@settings(max_examples=60)
@given(pick=st.integers(1, 262), years=YEARS, less=st.floats(0, 0.99), more=st.floats(0, 0.99))
def test_a_larger_discount_and_more_years_are_never_worth_more(pick: int, years: int, less: float, more: float) -> None:
    low, high = sorted((less, more))

    def worth(discount: float, ahead: int) -> dict[str, float]:
        values = compare(asked([f"{LATEST + ahead}#{pick}"], [], season=LATEST, discount=discount), VALUES, LATEST).gave[0].values
        return {chart: value for chart, value in values.items() if value is not None}

    for chart in CHARTS:
        assert worth(high, years)[chart] <= worth(low, years)[chart]
        assert worth(low, years + 1)[chart] <= worth(low, years)[chart]
        assert worth(high, 0)[chart] == VALUES[chart][pick]


@settings(max_examples=60)
@given(points=st.integers(0, 40_000_000).map(lambda number: number / 10_000))  # sums have four decimals
def test_an_equivalent_pick_is_the_nearest(points: float) -> None:
    chart = VALUES["johnson"]
    found = equivalent(chart, points)
    if found is None:
        assert points == 0 or points > chart[1]
    else:
        assert round(abs(chart[found] - points), 4) == min(round(abs(value - points), 4) for value in chart.values())


@settings(max_examples=150)
@given(text=st.one_of(st.text(max_size=30), st.from_regex(r"[0-9]{0,4}r?[0-9]{0,2}[#.]?[0-9]{0,3}", fullmatch=True)))
def test_any_text_is_valued_or_refused_in_words(text: str) -> None:
    try:
        result = compare(asked([text], ["1"]), VALUES, LATEST)
    except InvalidParameter as refused:
        assert refused.parameter in {"gave", "received"}
        assert refused.message.endswith(".")
    else:
        assert result.gave[0].number in VALUES["johnson"]


@pytest.mark.parametrize(
    ("gave", "received", "options", "side", "words"),
    [
        (["6"], ["6"], {}, "received", "gives and takes the same pick"),
        (["2026r1#6"], ["6"], {}, "received", "gives and takes the same pick"),
        (["2027#5"], ["2027r1#5"], {}, "received", "gives and takes the same pick"),
        (["5"], ["1.05"], {}, "received", "gives and takes the same pick"),
        (["6", "#6"], ["1"], {}, "gave", "listed twice"),
        (["1.05", "1.05"], ["1"], {}, "gave", "listed twice"),
        (["1"], ["5", "1.05"], {}, "received", "listed twice"),
        (["0000r1"], ["1"], {}, "gave", "from 1936 to 2100"),
        (["9999r1"], ["1"], {}, "gave", "from 1936 to 2100"),
        (["263"], ["1"], {}, "gave", "The charts end with pick 262"),
        (["1"], ["r9"], {}, "received", "The charts end with pick 262"),
        (["2027"], ["1"], {}, "gave", "is not a pick"),
        (["-1"], ["1"], {}, "gave", "is not a pick"),
        (["٦"], ["1"], {}, "gave", "is not a pick"),
        (["r0"], ["1"], {}, "gave", "count from 1"),
        (["r1#122"], ["1"], {}, "gave", "cannot be in round 1"),
        (["2027r1#40"], ["1"], {}, "gave", "Pick 40 cannot be in round 1, which lies between picks 1 and 33: '2027r1#40'."),
        (["1.33"], ["1"], {}, "gave", "A round has 32 picks"),
        (["2011r1"], ["1"], {"season": 2012}, "gave", "earlier draft"),
        ([], [], {}, "gave", "at least one"),
    ],
)
def test_what_cannot_be_valued_is_refused(gave: list[str], received: list[str], options: dict[str, object], side: str, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words) as refused:
        compare(asked(gave, received, **options), VALUES, LATEST)
    assert refused.value.parameter == side


@pytest.mark.parametrize(
    "options", [{"charts": ["jonson"]}, {"discount": 1}, {"discount": float("nan")}, {"discount": -0.1}, {"chart": "otc"}]
)
def test_unknown_charts_and_impossible_discounts_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        asked(["1"], ["2"], **options)


@pytest.mark.parametrize(
    ("gave", "season", "number", "years"),
    [
        ("1", 2026, 1, 0),
        ("r3", 2026, 80, 0),
        ("2.04", 2026, 36, 0),
        ("2028r1", 2028, 16, 2),
        ("2013r1#22", 2013, 22, 1),
        ("2013R2", 2013, 48, 1),
    ],
)
def test_how_picks_are_written(gave: str, season: int, number: int, years: int) -> None:
    [pick] = compare(asked([gave], ["50"], discount=0.5), VALUES, LATEST).gave
    assert (pick.season, pick.number, pick.years, pick.factor) == (season, number, years, 0.5**years)


def test_a_dynasty_league_has_fewer_picks_in_a_round() -> None:
    result = compare(asked(["1.05"], ["1.09", "2.04"], picks_per_round=12), VALUES, LATEST)
    assert [pick.number for pick in (*result.gave, *result.received)] == [5, 9, 16]


def test_of_two_picks_as_near_the_earlier_one_is_equivalent() -> None:
    assert equivalent({36: 11.8, 37: 11.6}, 11.7) == 36
    assert equivalent({95: 0.207, 96: 0.205}, 0.206) == 95


@pytest.mark.parametrize(("gave", "received"), [("2027r1", "2027r1"), ("16", "r1")])
def test_teams_may_exchange_picks_of_a_round(gave: str, received: str) -> None:
    [chart] = compare(asked([gave], [received], charts=["otc"]), VALUES, LATEST).charts
    assert (chart.difference, chart.difference_equivalent) == (0, None)


def test_a_pick_that_is_not_on_a_chart_has_no_value_there() -> None:
    short = {**VALUES, "johnson": {1: 3000.0}, "hill": {}}
    result = compare(asked(["250"], ["1"], charts=["johnson", "hill", "otc"]), short, LATEST)
    assert result.gave[0].values == {"johnson": None, "hill": None, "otc": VALUES["otc"][250]}
    sums = {each.chart: (each.gave, each.received, each.difference, each.received_equivalent) for each in result.charts}
    assert sums["johnson"] == (None, 3000.0, None, 1)
    assert sums["hill"] == (None, None, None, None)
    assert None not in sums["otc"]
    with pytest.raises(InvalidParameter, match="charts are empty"):
        compare(asked(["1"], ["2"], charts=["hill"]), short, LATEST)


def test_several_unknown_picks_of_a_round_may_be_different_ones() -> None:
    [chart] = compare(asked(["2027r1", "2027r1"], ["1"], charts=["otc"]), VALUES, LATEST).charts
    assert chart.gave == 2 * VALUES["otc"][16]
