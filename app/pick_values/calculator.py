"""The trade calculator: sums on charts, with a discount for later picks. Needs no database.

A pick whose number is not known is the middle one of its round: pick 16 of 32, so that round 3 is pick 80. A pick of a later draft is
worth ``value · (1 − discount)^years``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.errors import InvalidParameter
from app.pick_values.notation import WrittenPick, parse_pick
from app.pick_values.schemas import ChartComparison, PickWorth, TradeRequest

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
    _refuse_repeated(
        {side: [each for pick, each in zip(picks, worth[side], strict=True) if pick.number or pick.place] for side, picks in sides.items()}
    )
    comparisons = [_compared(name, charts[name], worth["gave"], worth["received"]) for name in request.charts]
    return Compared(season, worth["gave"], worth["received"], comparisons)


def _counted_from(picks: Sequence[WrittenPick], latest: int) -> int:
    named = [pick.season for pick in picks if pick.season is not None]
    if not named or min(named) >= latest:
        return latest
    return min(named) if len(named) == len(picks) else min(named) - 1


def _worth(pick: WrittenPick, side: str, request: TradeRequest, charts: Mapping[str, Mapping[int, float]], season: int) -> PickWorth:
    year = season if pick.season is None else pick.season
    if year < season:
        raise InvalidParameter(side, f"{pick.text!r} is of an earlier draft than that of {season}.", pick.text)
    number = pick.number
    if number is None:
        place = pick.place or max(1, request.picks_per_round // 2)
        if place > request.picks_per_round:
            raise InvalidParameter(side, f"A round has {request.picks_per_round} picks: {pick.text!r}.", pick.text)
        number = ((pick.round or 1) - 1) * request.picks_per_round + place
    last = max(max(charts[name], default=0) for name in request.charts)
    if number > last:
        end = f"The charts end with pick {last}" if last else "The charts are empty"
        raise InvalidParameter(side, f"{end}; pick {number} ({pick.text!r}) has no value.", pick.text)
    years = year - season
    factor = (1 - request.discount) ** years
    values = {name: round(charts[name][number] * factor, DIGITS) if number in charts[name] else None for name in request.charts}
    return PickWorth(pick=pick.text, season=year, number=number, estimated=pick.number is None, years=years, factor=factor, values=values)


def _refuse_repeated(known: Mapping[str, Sequence[PickWorth]]) -> None:
    """Refuse a pick that is listed twice. Picks of which only the round is known may be different ones, on the same side or on both."""
    listed: dict[tuple[int, int], str] = {}
    for side, picks in known.items():
        for pick in picks:
            first = listed.get((pick.season, pick.number))
            if first is not None:
                what = (
                    f"The pick {pick.pick!r} is listed twice."
                    if first == side
                    else f"The trade gives and takes the same pick: {pick.pick!r}."
                )
                raise InvalidParameter(side, what, pick.pick)
            listed[pick.season, pick.number] = side


def _compared(name: str, chart: Mapping[int, float], gave: Sequence[PickWorth], received: Sequence[PickWorth]) -> ChartComparison:
    given, taken = (_sum(pick.values[name] for pick in side) for side in (gave, received))
    difference = None if given is None or taken is None else round(taken - given, DIGITS)
    return ChartComparison(
        chart=name,
        gave=given,
        received=taken,
        difference=difference,
        gave_equivalent=equivalent(chart, given),
        received_equivalent=equivalent(chart, taken),
        difference_equivalent=equivalent(chart, None if difference is None else abs(difference)),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum; None when one of the values is not known."""
    known = list(values)
    return None if None in known else round(sum(value for value in known if value is not None), DIGITS)


def equivalent(chart: Mapping[int, float], points: float | None) -> int | None:
    """Return the pick with the nearest value, the earlier one of two; None for nothing, or for more than any pick."""
    if points is None or points <= 0 or points > max(chart.values(), default=0):
        return None
    # Rounded, because 11.8 - 11.7 and 11.7 - 11.6 differ in the last bit.
    return min(chart, key=lambda pick: (round(abs(chart[pick] - points), DIGITS), pick))
