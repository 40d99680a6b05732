"""The franchises by what their picks were worth, and what became of the picks of one."""

from collections.abc import Sequence

from app.context import ServiceContext
from app.franchises.service import franchise_detail
from app.listing.model import Row
from app.listing.parameters import FilterText
from app.trades.service import find_trades
from app.value import service as value
from app.value.schemas import OverExpectedGroupParameters
from app.web import track_record
from app.web.elements import franchise_select
from app.web.formatting import ordinal, plural, points
from app.web.parameters import Given
from app.web.plots import PlotRow, SeasonValue
from app.web.rows import amount, difference
from app.web.trades.page import TradeParameters, trade_page

LATEST_TRADES = 6


class FranchisesParameters(track_record.SpanParameters):
    """Which selections are counted, and the franchise to show instead of all."""

    franchise: FilterText | None = None


async def franchise_page(context: ServiceContext, name: str, given: Given[track_record.RecordParameters]) -> track_record.RecordPage:
    """Return the page of a franchise.

    Raises:
        NotFound: no franchise is called so, or more than one was.
    """
    club = (await franchise_detail(context, name)).franchise
    references = await context.references(await context.version())
    who = track_record.Who(
        "franchise",
        club.slug,
        club.name,
        f"{club.conference} {club.division}. {plural(club.picks, 'pick')}, {club.first_round_picks} of them in the first round, and "
        f"{plural(club.hall_of_famers, 'Hall of Famer')}, under every name that the franchise had.",
        tuple((era.team_name, f"{era.first_season} to {era.last_season or 'today'}") for era in club.eras if era.team_name != club.name),
        franchise_select(references, club.slug, every=""),
    )
    found = await find_trades(context, TradeParameters.model_validate({"franchise": club.slug}), LATEST_TRADES, 0)
    trades = tuple(trade_page(trade, references) for trade in found.trades)

    async def seasons(span: track_record.Span) -> track_record.SeasonTable:
        return _seasons(await _over_expected(context, span, "season,franchise"), club.code, club.slug)

    return await track_record.record_page(context, who, given, seasons, (trades, found.total))


async def _over_expected(context: ServiceContext, span: track_record.Span, group_by: str) -> list[Row]:
    parameters = OverExpectedGroupParameters.model_validate({**span.filters, "group_by": group_by})
    return await (await value.over_expected(context, parameters)).rows()


def _seasons(rows: Sequence[Row], code: str, slug: str) -> track_record.SeasonTable:
    """Return the value over expected of a franchise's drafts, and their places among those of all; ``rows`` are of all franchises."""
    by_season: dict[int, list[Row]] = {}
    for row in rows:
        if row["value_over_expected"] is not None:
            by_season.setdefault(int(amount(row["season"])), []).append(row)
    values, lines = [], []
    for season, drafts in sorted(by_season.items()):
        own = next((row for row in drafts if row["franchise"] == code), None)
        if own is None:
            continue
        over = amount(own["value_over_expected"])
        place = f"{ordinal(1 + sum(amount(row['value_over_expected']) > over for row in drafts))} of {len(drafts)}"
        values.append(SeasonValue(season, over, over, f"{season}: {difference(over)}, {place}"))
        sums = (amount(own["n"]), amount(own["w_av"]), round(amount(own["expected_w_av"]), 1))
        figures = (*map(points, sums), difference(over), place)
        lines.append((str(season), f"/classes/{season}?franchise={slug}", figures))
    return track_record.SeasonTable(
        "Value over expected by draft",
        "Green: more than is expected of the picks; yellow: less. The table has the place among all franchises in each class.",
        values,
        ("Picks", "Value", "Expected", "Difference", "Place"),
        tuple(lines),
    )


async def franchises_page(context: ServiceContext, given: Given[FranchisesParameters]) -> track_record.RecordsPage:
    """Return the table of all franchises, the most value over expected per pick first."""
    version, span = await context.version(), await track_record.span_of(context, given.parameters)
    rows = [] if given.problem else await _over_expected(context, span, "franchise")
    clubs = {club.code: club for club in (await context.references(version)).franchises.values()}
    known = [row for row in rows if row["mean"] is not None and row["franchise"] in clubs]
    most = max((abs(amount(row["mean"])) for row in known), default=0.0) or 1.0

    def line(row: Row) -> PlotRow:
        club, mean = clubs[str(row["franchise"])], amount(row["mean"])
        half = 50 * mean / most
        return PlotRow(
            label=club.name,
            url=f"/franchises/{club.slug}",
            facts=f"{club.conference} {club.division}",
            figures=(difference(mean), difference(row["value_over_expected"]), points(amount(row["n"]))),
            bar=(round(50 + min(half, 0), 2), round(abs(half), 2)),
            mark=50,
            below=mean < 0,
        )

    return track_record.RecordsPage(
        kind="franchise",
        problem=given.problem,
        total=len(known),
        selects=(track_record.group_select(given.texts),),
        fields=track_record.span_fields(given.texts),
        clear=given.path if given.texts else None,
        span=span,
        heads=("Per pick", "In all", "Picks"),
        scale=(difference(-most), "as expected", difference(most)),
        rows=tuple(line(row) for row in sorted(known, key=lambda row: amount(row["mean"]), reverse=True)),
        download=f"/api/v1/analytics/value-over-expected/groups?group_by=franchise&{span.query}&format=csv",
    )
