"""From the services of the API to the pages about what became of picks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.datasets.draft_days import FIRST_DAYS, last_day
from app.trades.service import find_trades
from app.value import service as value
from app.value.schemas import ClassStrengthParameters, ExpectedValueParameters, OverExpectedGroupParameters, OverExpectedParameters
from app.web.outcome_rows import SELECTION_FIELDS
from app.web.report_view import Found, ReportParameters, report_page
from app.web.service import SELECTIONS_AT_ONCE, class_seasons
from app.web.trades_view import TradeParameters, trade_page

if TYPE_CHECKING:
    from app.context import ServiceContext
    from app.trades.schemas import TradeDetail
    from app.web.parameters import Given
    from app.web.report_view import ReportPage
    from app.web.trades_view import TradePage

#: More trades than any draft had, and how many of them a page shows.
MOST_TRADES, TRADES_SHOWN = 200, 10
_NO_PICK = 1000


async def class_report(context: ServiceContext, season: int, given: Given[ReportParameters]) -> ReportPage | None:
    """Return the page of a class in retrospect; None if the class does not exist.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    seasons = await class_seasons(context)
    if season not in seasons:
        return None
    filters = {"season": season, "group": given.parameters.group if given.parameters else None}
    strength = await value.class_strength(context, ClassStrengthParameters(season=(season,), limit=1000))
    picks = OverExpectedParameters(**filters, fields=",".join(SELECTION_FIELDS), sort="pick", limit=SELECTIONS_AT_ONCE)
    selections = await (await value.selections(context, picks)).page()
    model = (await value.expected_value(context, ExpectedValueParameters())).about
    sums = await value.over_expected(context, OverExpectedGroupParameters(**filters))
    found = Found((await strength.page()).items, selections.items, model, (await sums.rows())[0], selections.synthetic)
    references = await context.references(await context.version())
    last_grown = await value.last_grown_class(context) or season
    return report_page(season, given, found, references, seasons, last_grown, await draft_day_trades(context, season))


async def draft_day_trades(context: ServiceContext, season: int) -> tuple[str | None, tuple[TradePage, ...], int, str]:
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
