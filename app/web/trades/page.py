"""Trades as pages: the list, and one trade. Every chart stands for itself; none of them is the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from app.context.references import References
from app.datasets.pick_values import CHARTS
from app.datasets.trades import TRADES
from app.listing.derived import filter_model
from app.trades.schemas import Became, TradeDetail, TradeLeg
from app.trades.service import FoundTrades
from app.web.elements import Filter, Link, Pages, franchise_select, pages_of, select
from app.web.formatting import plural, sentence_list
from app.web.parameters import Given, PageParameters, label_of
from app.web.wording import CHART_NAMES

PAGE_SIZE = 25
TradeParameters = filter_model(TRADES, PageParameters)
"""The filters of the list of legs, and the page."""
_TEXT_FIELDS = ("q", "season", "pick_season", "pick_round", "pick_number")
CALCULATOR = "/trade-calculator"


class Piece(NamedTuple):
    """One pick or player that changed hands. A pick that was made leads to the player."""

    leg: TradeLeg
    what: str
    player: Link | None
    career: str
    selected_by: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sums on one chart; the shares are the lengths of the bars in percent of the longer one."""

    chart: str
    gave: float | None
    received: float | None
    difference: float | None
    gave_share: float
    received_share: float
    equivalents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """What one franchise gave and received, and the sums."""

    name: str
    gave: tuple[Piece, ...]
    received: tuple[Piece, ...]
    balances: tuple[Balance, ...]

    @property
    def without_value(self) -> bool:
        """Whether no chart has anything of this side."""
        return all(each.gave is None and each.received is None for each in self.balances)


@dataclass(frozen=True, slots=True)
class TradePage:
    """One trade."""

    trade_id: int
    title: str
    franchises: str
    synthetic: bool
    remarks: tuple[str, ...]
    sides: tuple[Side, ...]
    pieces: tuple[Piece, ...]
    charts: Mapping[str, str]
    season_url: str
    calculator_url: str | None
    downloads: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class TradesPage:
    """One page of trades; with ``problem`` there are none."""

    problem: str | None
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    trades: tuple[TradePage, ...]
    total: int
    place: Pages
    clear: str | None
    download: str


def trades_page(given: Given[PageParameters], found: FoundTrades | None, references: References) -> TradesPage:
    """Build a page of the list."""
    total = found.total if found else 0
    page = found.offset // PAGE_SIZE + 1 if found else 1
    conditions = (("true", "With a condition"), ("false", "Without"))
    filters = {name: text for name, text in given.texts.items() if name != "page"}
    return TradesPage(
        problem=given.problem,
        selects=(
            franchise_select(references, filters.get("franchise", "")),
            select("conditional", "Conditions", "All trades", conditions, filters.get("conditional", "")),
        ),
        fields=tuple((name, label_of(name), given.texts.get(name, "")) for name in _TEXT_FIELDS),
        hidden=given.hidden(("franchise", "conditional", *_TEXT_FIELDS)),
        trades=tuple(trade_page(trade, references) for trade in (found.trades if found else ())),
        total=total,
        place=pages_of(given.page_url, page, total, PAGE_SIZE),
        clear=given.path if filters else None,
        download=f"/api/v1/{TRADES.path}?{urlencode({**filters, 'format': 'csv'})}",
    )


def trade_page(trade: TradeDetail, references: References) -> TradePage:
    """Build the page of one trade."""
    pieces = {leg.leg: _piece(leg, references) for leg in trade.legs}
    names = [references.team_name(side.franchise, trade.season) for side in trade.sides]
    return TradePage(
        trade_id=trade.trade_id,
        title=f"Trade of {date.fromisoformat(trade.trade_date):%-d %B %Y}" if trade.trade_date else f"Trade of {trade.season}",
        franchises=sentence_list(names),
        synthetic=trade.synthetic,
        remarks=tuple(trade.remarks),
        sides=tuple(
            Side(
                name,
                tuple(pieces[leg] for leg in side.gave),
                tuple(pieces[leg] for leg in side.received),
                tuple(balance(each.chart, each.gave, each.received, each.difference) for each in side.charts),
            )
            for name, side in zip(names, trade.sides, strict=True)
        ),
        pieces=tuple(pieces.values()),
        charts={chart: CHART_NAMES[chart] for chart in CHARTS},
        season_url=f"/trades?season={trade.season}",
        calculator_url=_calculator_url(trade),
        downloads=(
            Link("CSV", f"/api/v1/{TRADES.path}?trade_id={trade.trade_id}&format=csv"),
            Link("JSON", f"/api/v1/{TRADES.path}/{trade.trade_id}"),
        ),
    )


def _piece(leg: TradeLeg, references: References) -> Piece:
    player = leg.became.person_id if leg.became else leg.person_id
    name = leg.became.name if leg.became else leg.name
    return Piece(
        leg,
        what=_what(leg),
        player=Link(name, f"/people/{player}" if player else "") if name else None,
        career=_career(leg.became) if leg.became else "",
        selected_by=references.team_name(leg.became.franchise, leg.pick_season)
        if leg.became and leg.became.franchise and leg.pick_season
        else None,
    )


def _what(leg: TradeLeg) -> str:
    if leg.kind == "player":
        return "Player"
    words = f"{leg.pick_season} pick {leg.pick_number}" if leg.pick_number else f"{leg.pick_season} pick"
    if leg.pick_round:
        words += f", round {leg.pick_round}"
    return f"{words}, conditional" if leg.conditional else words


def _career(became: Became) -> str:
    parts = [became.position]
    if became.games is not None:
        parts.append(plural(became.games, "game"))
    if became.w_av is not None:
        parts.append(f"value {became.w_av}")
    if became.probowls:
        parts.append(plural(became.probowls, "Pro Bowl"))
    return ", ".join([*parts, *(["Hall of Fame"] if became.hof else [])])


def balance(chart: str, gave: float | None, received: float | None, difference: float | None, equivalents: tuple[str, ...] = ()) -> Balance:
    """Build the row of one chart."""
    longest = max(gave or 0, received or 0) or 1
    gave_share, received_share = (round(100 * (value or 0) / longest, 2) for value in (gave, received))
    return Balance(CHART_NAMES[chart], gave, received, difference, gave_share, received_share, equivalents)


def _calculator_url(trade: TradeDetail) -> str | None:
    """Return the calculator with this trade, if it has two sides, and picks with numbers alone."""
    if len(trade.sides) != 2 or not trade.complete or any(not leg.pick_number for leg in trade.legs):
        return None
    picks = {leg.leg: f"{leg.pick_season}#{leg.pick_number}" for leg in trade.legs}
    sides = {name: ",".join(picks[leg] for leg in getattr(trade.sides[0], name)) for name in ("gave", "received")}
    return f"{CALCULATOR}?{urlencode(sides, safe=',')}"
