"""The colleges by their picks, and what became of the players of one."""

from collections.abc import Sequence

from app.colleges.schemas import CollegeParameters
from app.colleges.service import college_detail, list_colleges
from app.context import ServiceContext
from app.errors import InvalidParameter
from app.listing.model import Row
from app.listing.parameters import FilterText
from app.value import service as value
from app.value.schemas import HitRateParameters
from app.web import track_record
from app.web.elements import pages_of
from app.web.formatting import plural
from app.web.parameters import Given, PageParameters
from app.web.plots import PlotRow, SeasonValue
from app.web.rows import LARGEST_PAGE, amount, every_row, hit_row

#: Colleges on one page.
PAGE_SIZE = 60
_LAST_SEASON = 2200


class CollegesParameters(track_record.SpanParameters, PageParameters):
    """Which selections are counted, and the beginning of a name."""

    q: FilterText | None = None


async def college_page(context: ServiceContext, name: str, given: Given[track_record.RecordParameters]) -> track_record.RecordPage:
    """Return the page of a college.

    Raises:
        NotFound: no college is called so.
    """
    detail = await college_detail(context, name)
    row = detail.college
    slug, wanted = str(row["slug"]), given.parameters
    picks, entries = (int(amount(row[name])) for name in ("picks", "combine_entries"))
    lead = f"{plural(picks, 'pick')} since 1980 and {plural(entries, 'combine entry', 'combine entries')} since 2000."
    spellings = [alias for alias in detail.aliases if alias != row["name"]]
    who = track_record.Who("college", slug, str(row["name"]), lead, (("Also written", ", ".join(spellings)),) if spellings else ())

    async def seasons(span: track_record.Span) -> track_record.SeasonTable:
        # a pick counts from the day of the draft
        filters = {**span.filters, "season_max": wanted.season_max or _LAST_SEASON, "hit": wanted.hit, "at_least": wanted.at_least}
        drafts = HitRateParameters.model_validate({**filters, "group_by": "season", "college": slug})
        return _seasons(await (await value.hit_rates(context, drafts)).rows(), slug, max(span.last_grown, wanted.season_max or 0))

    return await track_record.record_page(context, who, given, seasons)


def _seasons(rows: Sequence[Row], slug: str, last: int) -> track_record.SeasonTable:
    """Return the picks of a college by class and how many of them were hits, which is left open for classes after ``last``."""
    values, lines = [], []
    for row in rows:
        season, picks, hits = (int(amount(row[name])) for name in ("season", "n", "hits"))
        outcome = plural(hits, "hit") if season <= last else "too early to tell"
        values.append(SeasonValue(season, picks, hits if season <= last else 0, f"{season}: {plural(picks, 'pick')}, {outcome}"))
        lines.append((str(season), f"/classes/{season}?college={slug}", (str(picks), str(hits) if season <= last else "–")))
    return track_record.SeasonTable("Picks by class", "The filled part of a bar shows the hits.", values, ("Picks", "Hits"), tuple(lines))


async def colleges_page(context: ServiceContext, given: Given[CollegesParameters]) -> track_record.RecordsPage:
    """Return a page of the table of colleges, of all or of those with the name that was entered, the most selections first.

    Past the last page, it is the last one.
    """
    span, wanted = await track_record.span_of(context, given.parameters), given.parameters
    found: Sequence[Row] = ()
    rates: dict[str, Row] = {}
    try:
        if not given.problem:
            found = await every_row(await list_colleges(context, CollegeParameters(q=wanted.q, limit=LARGEST_PAGE)))
            counted = await value.hit_rates(context, HitRateParameters.model_validate({**span.filters, "group_by": "college"}))
            rates = {str(row["college"]): row for row in await counted.rows()}
    except InvalidParameter as error:
        given = given.with_problem(error)
    place = pages_of(given.page_url, wanted.page, len(found), PAGE_SIZE)

    def line(row: Row) -> PlotRow:
        slug, picks = str(row["slug"]), int(amount(row["picks"]))
        seasons = (
            f", {row['first_season']} to {row['last_season']}" if row["first_season"] != row["last_season"] else f", {row['last_season']}"
        )
        facts = f"{plural(picks, 'pick')}{seasons if picks else ''}"
        none: Row = {"rate": None, "lower": None, "upper": None, "hits": 0, "n": 0}
        return hit_row(rates.get(slug, none), str(row["name"]), f"/colleges/{slug}", facts)

    return track_record.RecordsPage(
        kind="college",
        problem=given.problem,
        total=len(found),
        selects=(track_record.group_select(given.texts),),
        fields=(("q", "Name", given.texts.get("q", "")), *track_record.span_fields(given.texts)),
        clear=given.path if set(given.texts) - {"page"} else None,
        span=span,
        heads=("Hit rate", "95 % interval", "Hits"),
        scale=("0", "50 %", "100 %"),
        rows=tuple(line(row) for row in found[place.first - 1 :][:PAGE_SIZE]),
        download=f"/api/v1/analytics/hit-rates?group_by=college&{span.query}&format=csv",
        only=f"/colleges/{found[0]['slug']}" if wanted.q and len(found) == 1 and not given.problem else None,
        place=place,
    )
