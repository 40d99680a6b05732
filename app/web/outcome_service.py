"""From the services of the API to the pages about what became of picks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.colleges.schemas import CollegeParameters
from app.colleges.service import college_detail, list_colleges
from app.datasets.draft_days import FIRST_DAYS, last_day
from app.errors import InvalidParameter
from app.franchises.service import franchise_detail
from app.trades.service import find_trades
from app.value import service as value
from app.value.formulas import YEARS_OF_A_CAREER
from app.value.schemas import (
    ClassStrengthParameters,
    ExpectedValueParameters,
    HitRateParameters,
    OverExpectedGroupParameters,
    OverExpectedParameters,
)
from app.web.classes.report import BEST, Found, ReportParameters, report_page
from app.web.formatting import plural
from app.web.parameters import select
from app.web.rows import SELECTION_FIELDS, amount
from app.web.service import LARGEST_PAGE, class_seasons, every_row
from app.web.track_record import (
    FIRST_SEASON,
    CollegesParameters,
    FranchisesParameters,
    Outcomes,
    RecordParameters,
    Who,
    college_seasons,
    colleges_page,
    franchise_seasons,
    franchises_page,
    record_page,
)
from app.web.trades.page import TradeParameters, trade_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.context import ServiceContext
    from app.listing.model import Row
    from app.trades.schemas import TradeDetail
    from app.web.classes.report import ReportPage
    from app.web.parameters import Given
    from app.web.track_record import RecordPage, RecordsPage, SeasonTable, SpanParameters
    from app.web.trades.page import TradePage

#: More trades than any draft had, and how many of them a page shows.
MOST_TRADES, TRADES_SHOWN = 200, 10
LATEST_TRADES = 6
_NO_PICK = 1000
_LAST_SEASON = 2200


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
    picks = OverExpectedParameters(**filters, fields=",".join(SELECTION_FIELDS), sort="pick", limit=LARGEST_PAGE)
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


async def franchise(context: ServiceContext, slug: str, given: Given[RecordParameters]) -> RecordPage:
    """Return the page of a franchise.

    Raises:
        NotFound: no franchise is called so, or more than one was.
        DatabaseUnavailable: the database did not respond.
    """
    detail = await franchise_detail(context, slug)
    club = detail.franchise
    references = await context.references(await context.version())
    clubs = sorted((each.name, each.slug) for each in references.franchises.values())
    who = Who(
        "franchise",
        club.slug,
        club.name,
        f"{club.conference} {club.division}. {plural(club.picks, 'pick')}, {club.first_round_picks} of them in the first round, and "
        f"{plural(club.hall_of_famers, 'Hall of Famer')}, under every name that the franchise had.",
        tuple((era.team_name, f"{era.first_season} to {era.last_season or 'today'}") for era in club.eras if era.team_name != club.name),
        select("franchise", "Franchise", "", ((each, name) for name, each in clubs), club.slug),
    )
    found = await find_trades(context, TradeParameters.model_validate({"franchise": club.slug}), LATEST_TRADES, 0)
    trades = tuple(trade_page(trade, references) for trade in found.trades)
    return await _record(context, who, given, (trades, found.total))


async def college(context: ServiceContext, slug: str, given: Given[RecordParameters]) -> RecordPage:
    """Return the page of a college.

    Raises:
        NotFound: no college is called so.
        DatabaseUnavailable: the database did not respond.
    """
    detail = await college_detail(context, slug)
    row = detail.college
    picks, entries = (int(amount(row[name])) for name in ("picks", "combine_entries"))
    lead = f"{plural(picks, 'pick')} since 1980 and {plural(entries, 'combine entry', 'combine entries')} since 2000."
    spellings = [alias for alias in detail.aliases if alias != row["name"]]
    who = Who("college", str(row["slug"]), str(row["name"]), lead, (("Also written", ", ".join(spellings)),) if spellings else ())
    return await _record(context, who, given, ((), 0))


async def _record(
    context: ServiceContext, who: Who, given: Given[RecordParameters], trades: tuple[tuple[TradePage, ...], int]
) -> RecordPage:
    version = await context.version()
    parameters = given.parameters or RecordParameters()
    last_grown = await value.last_grown_class(context) or FIRST_SEASON
    last = _last_class(parameters, last_grown)
    outcomes, seasons, problem = None, None, given.problem
    try:
        if given.parameters is not None:
            outcomes = await _outcomes(context, who, parameters, last)
            seasons = await _seasons(context, who, parameters, last, last_grown)
    except InvalidParameter as error:
        problem = error.message
    references, span = await context.references(version), (last, last > last_grown)
    return record_page(who, given, span, outcomes, seasons, references, trades, problem=problem, synthetic=version.synthetic)


def _last_class(parameters: SpanParameters, last_grown: int) -> int:
    """Return the last class that is counted: the one that was asked for, else the last whose careers are long enough.

    From a later class on, all are counted.
    """
    first = parameters.season_min or last_grown
    return parameters.season_max or (last_grown if first <= last_grown else max(first, last_grown + YEARS_OF_A_CAREER))


async def _outcomes(context: ServiceContext, who: Who, parameters: RecordParameters, last: int) -> Outcomes:
    span = {"season_min": parameters.season_min, "season_max": last, "group": parameters.group}
    mine = {**span, who.kind: who.slug}
    hit = {"hit": parameters.hit, "at_least": parameters.at_least}

    async def rates(filters: Mapping[str, object], by: str | None) -> list[Row]:
        return await (await value.hit_rates(context, HitRateParameters.model_validate({**filters, **hit, "group_by": by}))).rows()

    async def picks(sort: str) -> list[Row]:
        wanted = {**mine, "fields": ",".join(SELECTION_FIELDS), "sort": sort, "limit": BEST}
        return (await (await value.selections(context, OverExpectedParameters.model_validate(wanted))).page()).items

    whole = await value.hit_rates(context, HitRateParameters.model_validate({**mine, **hit}))
    sums = await value.over_expected(context, OverExpectedGroupParameters.model_validate(mine))
    return Outcomes(
        at_least=int(str(whole.about["at_least"])),
        sums=(await sums.rows())[0],
        rate=(await whole.rows())[0],
        rounds=await rates(mine, "round"),
        every_round=await rates(span, "round"),
        groups=await rates(mine, "group"),
        every_group=await rates(span, "group"),
        best=await picks("-value_over_expected"),
        worst=await picks("value_over_expected"),
    )


async def _seasons(context: ServiceContext, who: Who, parameters: RecordParameters, last: int, last_grown: int) -> SeasonTable:
    span = {"season_min": parameters.season_min, "season_max": last, "group": parameters.group}
    if who.kind == "franchise":
        drafts = await value.over_expected(context, OverExpectedGroupParameters.model_validate({**span, "group_by": "season,franchise"}))
        code = (await context.references(drafts.version)).franchise_of(who.slug).code
        return franchise_seasons(await drafts.rows(), code, who.slug)
    hit = {"hit": parameters.hit, "at_least": parameters.at_least, "group_by": "season", "college": who.slug}
    # a pick counts from the day of the draft
    picks = await value.hit_rates(
        context, HitRateParameters.model_validate({**span, **hit, "season_max": parameters.season_max or _LAST_SEASON})
    )
    return college_seasons(await picks.rows(), who.slug, max(last_grown, parameters.season_max or 0))


async def franchises(context: ServiceContext, given: Given[FranchisesParameters]) -> RecordsPage:
    """Return the table of all franchises.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    parameters = given.parameters or FranchisesParameters()
    version = await context.version()
    last_grown = await value.last_grown_class(context) or FIRST_SEASON
    last = _last_class(parameters, last_grown)
    wanted = {"season_min": parameters.season_min, "season_max": last, "group": parameters.group, "group_by": "franchise"}
    rows = await (await value.over_expected(context, OverExpectedGroupParameters.model_validate(wanted))).rows() if given.parameters else []
    return franchises_page(given, rows, (last, last > last_grown), await context.references(version), synthetic=version.synthetic)


async def colleges(context: ServiceContext, given: Given[CollegesParameters]) -> RecordsPage:
    """Return a page of the table of colleges, of all or of those with the name that was entered.

    Raises:
        DatabaseUnavailable: the database did not respond.
    """
    parameters = given.parameters or CollegesParameters()
    version = await context.version()
    last_grown = await value.last_grown_class(context) or FIRST_SEASON
    last = _last_class(parameters, last_grown)
    rows: Sequence[Row] = ()
    problem, rates = given.problem, {}
    try:
        if given.parameters is not None:
            rows = await every_row(await list_colleges(context, CollegeParameters(q=parameters.q, limit=LARGEST_PAGE)))
            wanted = {"season_min": parameters.season_min, "season_max": last, "group": parameters.group, "group_by": "college"}
            counted = await (await value.hit_rates(context, HitRateParameters.model_validate(wanted))).rows()
            rates = {str(row["college"]): row for row in counted}
    except InvalidParameter as error:
        problem = error.message
    return colleges_page(given, rows, rates, (last, last > last_grown), problem=problem, synthetic=version.synthetic)
