"""A draft class in retrospect: its strength by position group, its selections against what was expected, the trades of its draft days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import Field

from app.context import ServiceContext
from app.datasets.draft_days import FIRST_DAYS, last_day
from app.listing.model import Row
from app.listing.parameters import Group
from app.parameters import Parameters
from app.trades.schemas import TradeDetail
from app.trades.service import find_trades
from app.value import service as value
from app.value.formulas import LAST_PICK
from app.value.lists import ALL_GROUPS, CLASSES_BEFORE, MEASURES
from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, Measure, OverExpectedGroupParameters, OverExpectedParameters
from app.web.classes.page import neighbours
from app.web.elements import Filter, Link, select
from app.web.formatting import NO_RECORD, ordinal, points
from app.web.parameters import Given
from app.web.plots import BOTTOM, LEFT, RIGHT, TOP, Axis, PlotRow, Point, axis
from app.web.rows import BEST, LARGEST_PAGE, SELECTION_FIELDS, amount, difference, pick_row
from app.web.trades.page import TradePage, TradeParameters, trade_page
from app.web.wording import CHART_NAMES, GROUP_NAMES

#: More trades than any draft had, and how many of them the page shows.
MOST_TRADES, TRADES_SHOWN = 200, 10
#: Behind every pick.
_NO_PICK = 1000
MEASURE_NAMES = {"picks": "Selections", "athletic_score": "Athletic Score"} | CHART_NAMES
#: Places among the eleven classes that are marked as good or bad.
_HIGH, _LOW = 3, CLASSES_BEFORE - 1


class ReportParameters(Parameters):
    """What the strength is measured by, and whose selections are plotted."""

    measure: Measure = Field(default="johnson")
    group: Group | None = None


class AxisText(NamedTuple):
    """What an axis of the plot is called."""

    label: str
    title: str


@dataclass(frozen=True, slots=True)
class PickPlot:
    """Value by pick, and the line of what is expected."""

    points: tuple[Point, ...]
    curve: str
    x_axis: Axis
    y_axis: Axis
    x: AxisText
    y: AxisText


class Place(NamedTuple):
    """The place of a class among the eleven by one measure, and how it is marked."""

    text: str
    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One class."""

    season: int
    problem: str | None
    older: Link | None
    newer: Link | None
    selects: tuple[Filter, ...]
    measure: str
    whole: str
    strength: tuple[PlotRow, ...]
    scale: str
    groups: tuple[str, ...]
    places: tuple[tuple[str, tuple[Place, ...]], ...]
    group: str
    plot: PickPlot | None
    beyond: int
    growing: bool
    total: str
    longest: str
    best: tuple[PlotRow, ...]
    worst: tuple[PlotRow, ...]
    days: str | None
    trades: tuple[TradePage, ...]
    trade_total: int
    trades_url: str
    downloads: Mapping[str, str]


async def report_page(context: ServiceContext, season: int, given: Given[ReportParameters], seasons: Sequence[int]) -> ReportPage:
    """Return the page of a class in retrospect; ``seasons`` is every class there is, newest first."""
    wanted = given.parameters
    filters = {"season": season, **({"group": wanted.group} if wanted.group else {})}
    strength = (await (await value.class_strength(context, ClassStrengthParameters(season=(season,), limit=LARGEST_PAGE))).page()).items
    picks = {**filters, "fields": ",".join(SELECTION_FIELDS), "sort": "pick", "limit": LARGEST_PAGE}
    selections = await (await value.selections(context, OverExpectedParameters.model_validate(picks))).page()
    model = (await value.expected_value(context, ExpectedValueParameters())).about
    sums = (await (await value.over_expected(context, OverExpectedGroupParameters.model_validate(filters))).rows())[0]
    last_grown = await value.last_grown_class(context) or season
    references = await context.references(await context.version())
    days, trades, trade_total, trades_url = await _draft_day_trades(context, season)

    by_group = {(str(row["group"]), str(row["measure"])): row for row in strength}
    groups = [name for name in GROUP_NAMES if (name, wanted.measure) in by_group]
    rows = [row for row in (by_group[name, wanted.measure] for name in groups) if row["value"] is not None]
    longest = max((amount(row[each]) for row in rows for each in ("value", "before") if row[each] is not None), default=0.0) or 1.0
    plotted = [row for row in selections.items if row["expected_w_av"] is not None]
    recorded = any(row["w_av"] is not None for row in plotted)
    ranked = sorted(plotted, key=lambda row: amount(row["value_over_expected"]), reverse=True) if recorded else []
    most = max((amount(row[each]) for row in ranked for each in ("w_av", "expected_w_av")), default=1.0)
    older, newer = neighbours(given, season, seasons)
    return ReportPage(
        season=season,
        problem=given.problem,
        older=older,
        newer=newer,
        selects=(
            select("measure", "Strength by", "", ((name, MEASURE_NAMES[name]) for name in MEASURES), wanted.measure),
            select("group", "Selections of", "All positions", GROUP_NAMES.items(), wanted.group or ""),
        ),
        measure=MEASURE_NAMES[wanted.measure] + (" points" if wanted.measure in CHART_NAMES else ""),
        whole=_strength_words(by_group.get((ALL_GROUPS, wanted.measure))),
        strength=tuple(_strength_row(season, row, longest) for row in rows),
        scale=points(round(longest, 1)),
        groups=tuple(groups),
        places=tuple((MEASURE_NAMES[name], tuple(_place(by_group.get((group, name))) for group in groups)) for name in MEASURES),
        group=GROUP_NAMES.get(wanted.group or "", ""),
        plot=_plot(plotted, model, season) if recorded else None,
        beyond=len(selections.items) - len(plotted),
        growing=season > last_grown,
        total=_total_words(sums),
        longest=points(most),
        best=tuple(pick_row(row, references, most) for row in ranked[:BEST] if amount(row["value_over_expected"]) > 0),
        worst=tuple(pick_row(row, references, most) for row in ranked[: -BEST - 1 : -1] if amount(row["value_over_expected"]) < 0),
        days=days,
        trades=trades,
        trade_total=trade_total,
        trades_url=trades_url,
        downloads={
            "strength": f"/api/v1/analytics/class-strength?{urlencode({'season': season, 'format': 'csv'})}",
            "value": f"/api/v1/analytics/value-over-expected?{urlencode({**filters, 'sort': 'pick', 'format': 'csv'})}",
            "trades": f"/api/v1{trades_url}&format=csv",
        },
    )


async def _draft_day_trades(context: ServiceContext, season: int) -> tuple[str | None, tuple[TradePage, ...], int, str]:
    """Return the days of the draft in words, its trades that moved the earliest picks, the number of all, and the URL of their list."""
    if season not in FIRST_DAYS:
        return None, (), 0, f"/trades?season={season}"
    first, last = FIRST_DAYS[season], last_day(season)
    found = await find_trades(context, TradeParameters.model_validate({"trade_date_min": first, "trade_date_max": last}), MOST_TRADES, 0)
    references = await context.references(found.version)

    def earliest(trade: TradeDetail) -> int:
        return min((leg.pick_number for leg in trade.legs if leg.pick_number and leg.pick_season == season), default=_NO_PICK)

    shown = sorted(found.trades, key=earliest)[:TRADES_SHOWN]
    days = f"{first.day}{f' {first:%B}' if first.month != last.month else ''} to {last:%-d %B %Y}"
    url = f"/trades?trade_date_min={first}&trade_date_max={last}"
    return days, tuple(trade_page(trade, references) for trade in shown), found.total, url


def _value(row: Row, name: str) -> str:
    value = row[name]
    return NO_RECORD if value is None else points(round(amount(value), 2))


def _strength_words(row: Row | None) -> str:
    """Describe all positions together."""
    if row is None or row["value"] is None:
        return str(row["note"]) if row else ""
    words = f"All positions: {_value(row, 'value')}"
    if row["before"] is None:
        return f"{words}. {row['note']}"
    if not row["difference"]:
        return f"{words}, as many as in the classes before."
    return f"{words}; the classes before had {_value(row, 'before')} on average. Place: {_rank(row)}."


def _rank(row: Row) -> str:
    return f"{ordinal(int(amount(row['rank'])))} of {int(amount(row['classes_before'])) + 1}" if row["rank"] is not None else NO_RECORD


def _strength_row(season: int, row: Row, longest: float) -> PlotRow:
    def length(name: str) -> float | None:
        return None if row[name] is None else round(100 * amount(row[name]) / longest, 2)

    group, value = str(row["group"]), length("value")
    return PlotRow(
        label=GROUP_NAMES[group],
        url=f"/classes/{season}?group={group}",
        facts=str(row["note"] or "") if row["value"] is not None else "",
        figures=(_value(row, "value"), _value(row, "before"), _rank(row)),
        bar=None if value is None else (0, value),
        mark=length("before"),
    )


def _place(row: Row | None) -> Place:
    if row is None or row["rank"] is None:
        return Place("–", "", str(row["note"] if row else NO_RECORD))
    rank, of = int(amount(row["rank"])), int(amount(row["classes_before"])) + 1
    mark = "high" if rank <= _HIGH else "low" if rank >= _LOW else ""
    return Place(str(rank), mark if of > CLASSES_BEFORE else "", f"{_value(row, 'value')}, the classes before {_value(row, 'before')}")


def _total_words(row: Row) -> str:
    """Describe the sum over all selections that the model covers."""
    if row["value_over_expected"] is None:
        return str(row["note"])
    both = f"{_value(row, 'w_av')} in all, {points(round(amount(row['expected_w_av']), 1))} expected"
    return f"{both}: {difference(row['value_over_expected'])}, or {difference(row['mean'])} a selection."


def _plot(rows: Sequence[Row], model: Mapping[str, object], season: int) -> PickPlot:
    intercept, slope = (float(str(model[name])) for name in ("intercept", "slope"))
    line = [(pick, intercept + slope * log(pick)) for pick in range(1, LAST_PICK + 1)]
    values = [amount(row["w_av"]) for row in rows]
    x_axis = axis([0, LAST_PICK], LEFT, RIGHT)
    y_axis = axis([*values, *(value for _, value in line)], BOTTOM, TOP, 9)
    return PickPlot(
        points=tuple(_point(row, season, x_axis, y_axis) for row in rows),
        curve=" ".join(f"{x_axis.place(pick)},{y_axis.place(value)}" for pick, value in line),
        x_axis=x_axis,
        y_axis=y_axis,
        x=AxisText("Pick", "Overall pick"),
        y=AxisText("Value", "Weighted career value"),
    )


def _point(row: Row, season: int, x_axis: Axis, y_axis: Axis) -> Point:
    value = amount(row["w_av"])
    text = NO_RECORD if row["w_av"] is None else points(value)
    over = f"{points(amount(row['expected_w_av']))} expected"
    return Point(
        person_id=int(amount(row["person_id"])),
        name=str(row["name"]),
        place=f"{row['position']}, {row['team']}, round {row['round']}, pick {row['pick']}",
        measures=f"Value {text}, {over}",
        season=season,
        position=str(row["position"]),
        x_text=str(row["pick"]),
        y_text=f"{text}, {over}",
        x=x_axis.place(int(amount(row["pick"]))),
        y=y_axis.place(value),
        drafted=amount(row["value_over_expected"]) > 0,
    )
