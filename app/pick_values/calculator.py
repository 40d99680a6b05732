"""The trade calculator: sums on charts, with a discount for later picks. Needs no database.

A pick whose number is not known is the middle one of its round: pick 16 of 32, so that round 3 is pick 80. A pick of a later draft is
worth ``value · (1 − discount)^years``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.errors import InvalidParameter
from app.pick_values.notation import parse_pick
from app.pick_values.schemas import ChartComparison, PickWorth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.pick_values.notation import WrittenPick
    from app.pick_values.schemas import TradeRequest

#: Decimals of a sum: more than any chart has.
DIGITS = 4


class Compared(NamedTuple):
    """The result: the draft that was counted from, both sides, and a comparison per chart."""

    season: int
    gave: list[PickWorth]
    received: list[PickWorth]
    charts: list[ChartComparison]


def compare(request: TradeRequest, charts: Mapping[str, Mapping[int, float]], latest: int) -> Compared:
    """Value both sides. ``latest`` is the latest draft class.

    Raises:
        InvalidParameter: naming the side with a pick that cannot be valued, or that both sides have.
    """
    sides = {side: [parse_pick(text, side) for text in getattr(request, side)] for side in ("gave", "received")}
    written = [pick for picks in sides.values() for pick in picks]
    if not written:
        raise InvalidParameter("gave", "Name at least one pick.")
    season = request.season or _counted_from(written, latest)
    worth = {side: [_worth(pick, side, request, charts, season) for pick in picks] for side, picks in sides.items()}
    _refuse_repeated(worth["gave"], worth["received"])
    comparisons = [_compared(name, charts[name], worth["gave"], worth["received"]) for name in request.charts]
    return Compared(season, worth["gave"], worth["received"], comparisons)


def _counted_from(picks: Sequence[WrittenPick], latest: int) -> int:
    named = [pick.season for pick in picks if pick.season is not None]
    if not named or min(named) >= latest:
        return latest
    return min(named) if len(named) == len(picks) else min(named) - 1


def _worth(pick: WrittenPick, side: str, request: TradeRequest, charts: Mapping[str, Mapping[int, float]], season: int) -> PickWorth:
    year = pick.season or season
    if year < season:
        raise InvalidParameter(side, f"{pick.text!r} is of an earlier draft than that of {season}.", pick.text)
    number = pick.number
    if number is None:
        place = pick.place or max(1, request.picks_per_round // 2)
        if place > request.picks_per_round:
            raise InvalidParameter(side, f"A round has {request.picks_per_round} picks: {pick.text!r}.", pick.text)
        number = ((pick.round or 1) - 1) * request.picks_per_round + place
    last = max(max(charts[name]) for name in request.charts)
    if number > last:
        raise InvalidParameter(side, f"The charts end with pick {last}; pick {number} ({pick.text!r}) has no value.", pick.text)
    years = year - season
    factor = (1 - request.discount) ** years
    values = {name: round(charts[name][number] * factor, DIGITS) for name in request.charts if number in charts[name]}
    return PickWorth(pick=pick.text, season=year, number=number, estimated=pick.number is None, years=years, factor=factor, values=values)


def _refuse_repeated(gave: Sequence[PickWorth], received: Sequence[PickWorth]) -> None:
    """Refuse a pick on both sides, and a known pick twice on one: several unknown picks of a round may be different ones."""
    for one in received:
        if any((one.season, one.number) == (other.season, other.number) for other in gave):
            raise InvalidParameter("received", f"The trade gives and takes the same pick: {one.pick!r}.", one.pick)
    for side, picks in (("gave", gave), ("received", received)):
        exact = [(each.season, each.number) for each in picks if not each.estimated]
        for each in picks:
            if exact.count((each.season, each.number)) > 1:
                raise InvalidParameter(side, f"The pick {each.pick!r} is listed twice.", each.pick)


def _compared(name: str, chart: Mapping[int, float], gave: Sequence[PickWorth], received: Sequence[PickWorth]) -> ChartComparison:
    given, taken = (round(sum(pick.values.get(name, 0.0) for pick in side), DIGITS) for side in (gave, received))
    difference = round(taken - given, DIGITS)
    return ChartComparison(
        chart=name,
        gave=given,
        received=taken,
        difference=difference,
        gave_equivalent=equivalent(chart, given),
        received_equivalent=equivalent(chart, taken),
        difference_equivalent=equivalent(chart, abs(difference)),
    )


def equivalent(chart: Mapping[int, float], points: float) -> int | None:
    """Return the pick with the nearest value, the earlier one of two; None for nothing, or for more than any pick."""
    if points <= 0 or points > max(chart.values()):
        return None
    return min(chart, key=lambda pick: (abs(chart[pick] - points), pick))
