"""The trade calculator as a page: a form whose URL has everything in it, both sides on every chart, and each pick."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.pick_values.notation import split_picks
from app.pick_values.schemas import ChartComparison, PickWorth, TradeRequest, TradeWorth
from app.web.parameters import Given
from app.web.trades.page import CALCULATOR, Balance, balance
from app.web.wording import CHART_NAMES

#: What the form has fields for.
FIELDS = ("gave", "received", "season", "discount", "picks_per_round")
EXAMPLES = (
    ("Washington moves up for Robert Griffin III, 2012", "gave=6,39,2013r1%2322,2014r1%232&received=2"),
    ("A first-rounder of next year, discounted by a tenth", "gave=1,2027r1&received=4,2028r1&discount=0.1"),
    ("A dynasty league of 12", "gave=1.05&received=1.09,2.04&picks_per_round=12"),
)


@dataclass(frozen=True, slots=True)
class CalculatorPage:
    """The form, and the result or the problem; before anything was entered there is neither."""

    texts: Mapping[str, str]
    hidden: tuple[tuple[str, str], ...]
    problem: str | None
    season: int | None
    charts: tuple[str, ...]
    balances: tuple[Balance, ...]
    picks: Sequence[tuple[str, PickWorth]]
    examples: tuple[tuple[str, str], ...]
    download: str


def values_of(texts: dict[str, str]) -> dict[str, object]:
    """Make the values of a request from the texts of the form; a form without picks is not sent yet, so ``gave`` may be missing."""
    lists: dict[str, object] = {name: split_picks(texts[name]) for name in ("gave", "received", "charts") if name in texts}
    return {"gave": [], **texts, **lists}


def calculator_page(given: Given[TradeRequest], worth: TradeWorth | None) -> CalculatorPage:
    """Build the page."""
    picks = [("gave", each) for each in worth.gave] + [("received", each) for each in worth.received] if worth else []
    return CalculatorPage(
        texts={name: given.texts.get(name, "") for name in FIELDS},
        hidden=given.hidden(FIELDS),
        problem=given.problem,
        season=worth.season if worth else None,
        charts=tuple(CHART_NAMES[each.chart] for each in worth.charts) if worth else (),
        balances=tuple(balance(each.chart, each.gave, each.received, each.difference, _equivalents(each)) for each in worth.charts)
        if worth
        else (),
        picks=picks,
        examples=tuple((text, f"{CALCULATOR}?{query}") for text, query in EXAMPLES),
        download=given.url().replace(CALCULATOR, f"{CALCULATOR}.csv", 1),
    )


def _equivalents(each: ChartComparison) -> tuple[str, ...]:
    """Name the pick that each sum is worth; nothing for none, or for more than the first pick."""
    picks = (each.gave_equivalent, each.received_equivalent, each.difference_equivalent)
    return tuple("" if pick is None else f"like pick {pick}" for pick in picks)


def as_csv(worth: TradeWorth) -> str:
    """Write a row per pick with its values, as the page has them."""
    text = io.StringIO()
    charts = [each.chart for each in worth.charts]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["side", "pick", "season", "number", "estimated", "years", "factor", *charts])
    for side in ("gave", "received"):
        for pick in getattr(worth, side):
            row = [pick.season, pick.number, str(pick.estimated).lower(), pick.years, pick.factor]
            writer.writerow([side, pick.pick, *row, *(pick.values[chart] for chart in charts)])
    return text.getvalue()
