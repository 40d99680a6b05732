"""What became of the picks of a franchise or a college, and the tables that lead there."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.context import ServiceContext
from app.errors import InvalidParameter
from app.listing.model import Row, Scalar
from app.listing.parameters import Group, Season
from app.listing.table import TableQuery
from app.parameters import Parameters
from app.value import service as value
from app.value.formulas import LAST_PICK, YEARS_OF_A_CAREER
from app.value.schemas import Hit, HitRateParameters, OverExpectedGroupParameters, OverExpectedParameters
from app.web.cards import SUFFIX, is_card, theme_of
from app.web.dependencies import PageRenderer
from app.web.elements import Filter, Pages, select
from app.web.formatting import plural, points
from app.web.parameters import Given, P, label_of
from app.web.plots import PlotRow, SeasonPlot, SeasonValue, season_plot
from app.web.rows import BEST, SELECTION_FIELDS, amount, difference, hit_row, pick_row
from app.web.trades.page import TradePage
from app.web.wording import GROUP_NAMES

Kind = Literal["franchise", "college"]
HITS: Mapping[Hit, tuple[str, str]] = {
    "seasons_started": ("season as a starter", "seasons as a starter"),
    "probowls": ("Pro Bowl", "Pro Bowls"),
    "w_av": ("point of weighted career value", "points of weighted career value"),
    "games": ("game", "games"),
}
HIT_LABELS: Mapping[Hit, str] = {"seasons_started": "Starter seasons", "probowls": "Pro Bowls", "w_av": "Career value", "games": "Games"}
#: The earliest season that a filter takes.
FIRST_SEASON = 1900


class SpanParameters(Parameters):
    """Which selections are counted."""

    season_min: Season | None = None
    season_max: Season | None = None
    group: Group | None = None


class RecordParameters(SpanParameters):
    """Which selections are counted, and what is a hit."""

    hit: Hit = "seasons_started"
    at_least: int | None = Field(default=None, ge=1, le=32767)


@dataclass(frozen=True, slots=True)
class Span:
    """The classes that are counted: up to ``last``. ``last_grown`` is the last class whose careers are long enough."""

    wanted: SpanParameters
    last: int
    last_grown: int

    @property
    def growing(self) -> bool:
        """Whether careers of the last class are not over."""
        return self.last > self.last_grown

    @property
    def filters(self) -> dict[str, object]:
        """The same as filters of a service."""
        return {"season_min": self.wanted.season_min, "season_max": self.last, "group": self.wanted.group}

    @property
    def query(self) -> str:
        """The same as parameters of the API."""
        return urlencode({name: each for name, each in self.filters.items() if each is not None})

    @property
    def words(self) -> str:
        """Which classes these are."""
        if self.last == FIRST_SEASON:
            return "No class has been loaded yet"
        first = f"{self.wanted.season_min} to" if self.wanted.season_min else "up to"
        words = f"Class of {self.last}" if self.wanted.season_min == self.last else f"Classes {first} {self.last}"
        return words if self.wanted.season_max or self.growing else f"{words}; later careers are not long enough"


async def span_of(context: ServiceContext, wanted: SpanParameters) -> Span:
    """Return the classes up to the one that was asked for, else to the last whose careers are long enough.

    From a later class on, all are counted.
    """
    last_grown = await value.last_grown_class(context) or FIRST_SEASON
    first = wanted.season_min or last_grown
    last = wanted.season_max or (last_grown if first <= last_grown else max(first, last_grown + YEARS_OF_A_CAREER))
    return Span(wanted, last, last_grown)


class SeasonTable(NamedTuple):
    """The bars by season: what they are, how to read them, the numbers as rows of (season, URL, figures)."""

    title: str
    key: str
    values: Sequence[SeasonValue]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


class Who(NamedTuple):
    """Whose picks they are."""

    kind: Kind
    slug: str
    name: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    others: Filter | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the picks."""

    value: str
    hit: str
    rate: tuple[PlotRow, ...]
    seasons: SeasonTable
    plot: SeasonPlot | None
    rounds: tuple[PlotRow, ...]
    groups: tuple[PlotRow, ...]
    longest: str
    best: tuple[PlotRow, ...]
    worst: tuple[PlotRow, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One franchise or college. With ``problem`` there is nothing about its picks."""

    who: Who
    problem: str | None
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    clear: str | None
    span: Span
    outcome: Outcome | None
    trades: tuple[TradePage, ...]
    trade_total: int
    downloads: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """All franchises, or colleges. ``only`` is the URL of the one that was meant."""

    kind: Kind
    problem: str | None
    total: int
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    clear: str | None
    span: Span
    heads: tuple[str, ...]
    scale: tuple[str, ...]
    rows: tuple[PlotRow, ...]
    download: str
    only: str | None = None
    place: Pages | None = None


async def record_page(
    context: ServiceContext,
    who: Who,
    given: Given[RecordParameters],
    read_seasons: Callable[[Span], Awaitable[SeasonTable]],
    trades: tuple[tuple[TradePage, ...], int] = ((), 0),
) -> RecordPage:
    """Return the page of one franchise or college. ``trades`` are the latest and the number of all."""
    span, outcome = await span_of(context, given.parameters), None
    try:
        if not given.problem:
            outcome = await _outcome(context, who, given, span, await read_seasons(span))
    except InvalidParameter as error:
        given = given.with_problem(error)
    return RecordPage(
        who=who,
        problem=given.problem,
        selects=(group_select(given.texts), select("hit", "A hit has", "", HIT_LABELS.items(), given.parameters.hit)),
        fields=(("at_least", label_of("at_least"), given.texts.get("at_least", "")), *span_fields(given.texts)),
        clear=given.path if given.texts else None,
        span=span,
        outcome=outcome,
        trades=trades[0],
        trade_total=trades[1],
        downloads=_downloads(who, given.parameters, span),
    )


def group_select(texts: Mapping[str, str]) -> Filter:
    """Build the select of position groups."""
    return select("group", "Position group", "All positions", GROUP_NAMES.items(), texts.get("group", ""))


def span_fields(texts: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return the fields for the first and the last class."""
    return tuple((name, label_of(name), texts.get(name, "")) for name in ("season_min", "season_max"))


async def _outcome(context: ServiceContext, who: Who, given: Given[RecordParameters], span: Span, seasons: SeasonTable) -> Outcome:
    wanted, mine = given.parameters, {**span.filters, who.kind: who.slug}

    async def rates(filters: Mapping[str, object], by: str | None) -> TableQuery:
        values = {**filters, "hit": wanted.hit, "at_least": wanted.at_least, "group_by": by}
        return await value.hit_rates(context, HitRateParameters.model_validate(values))

    async def compared(by: str, name: Callable[[Scalar], tuple[str, str | None]], order: Sequence[Scalar]) -> tuple[PlotRow, ...]:
        own, everyone = [{row[by]: row for row in await (await rates(each, by)).rows()} for each in (mine, span.filters)]
        return tuple(hit_row(own[key], *name(key), everyone=everyone.get(key)) for key in order or sorted(own, key=amount) if key in own)

    async def picks(sort: str) -> list[Row]:
        values = {**mine, "fields": ",".join(SELECTION_FIELDS), "sort": sort, "limit": BEST}
        return (await (await value.selections(context, OverExpectedParameters.model_validate(values))).page()).items

    whole = await rates(mine, None)
    [rate] = await whole.rows()
    [sums] = await (await value.over_expected(context, OverExpectedGroupParameters.model_validate(mine))).rows()
    best, worst = await picks("-value_over_expected"), await picks("value_over_expected")
    most = max((amount(row[name]) for row in (*best, *worst) for name in ("w_av", "expected_w_av")), default=0.0) or 1.0
    references = await context.references(await context.version())

    def ranked(rows: Sequence[Row], sign: int) -> tuple[PlotRow, ...]:
        return tuple(
            pick_row(row, references, most, with_season=True, own=who.name) for row in rows if sign * amount(row["value_over_expected"]) > 0
        )

    return Outcome(
        value=_value_words(sums),
        hit=f"at least {plural(int(str(whole.about['at_least'])), *HITS[wanted.hit])}",
        rate=(hit_row(rate, "All picks"),) if rate["n"] else (),
        seasons=seasons,
        plot=season_plot(seasons.values),
        rounds=await compared("round", lambda number: (f"Round {number}", None), ()),
        groups=await compared("group", lambda code: (GROUP_NAMES[str(code)], given.url(group=str(code))), tuple(GROUP_NAMES)),
        longest=points(most),
        best=ranked(best, 1),
        worst=ranked(worst, -1),
    )


def _value_words(row: Row) -> str:
    if row["value_over_expected"] is None:
        return str(row["note"])
    sums = f"{plural(int(amount(row['n'])), 'pick')}: {points(amount(row['w_av']))} of weighted career value"
    expected = f"{points(round(amount(row['expected_w_av']), 1))} expected"
    beyond = int(amount(row["beyond"]))
    rest = f" {plural(beyond, 'pick')} after pick {LAST_PICK}, where the model ends, not counted." if beyond else ""
    return f"{sums}, {expected}: {difference(row['value_over_expected'])}, or {difference(row['mean'])} a pick.{rest}"


def _downloads(who: Who, wanted: RecordParameters, span: Span) -> Mapping[str, str]:
    mine = {who.kind: who.slug, **span.filters, "format": "csv"}
    rates = {"hit": wanted.hit, "at_least": wanted.at_least, **mine}

    def url(path: str, values: Mapping[str, object]) -> str:
        return f"/api/v1/{path}?{urlencode({name: each for name, each in values.items() if each is not None}, safe=',')}"

    by_season = {"group_by": "season"}
    return {
        "seasons": url("analytics/value-over-expected/groups", by_season | mine)
        if who.kind == "franchise"
        else url("analytics/hit-rates", by_season | rates),
        "rounds": url("analytics/hit-rates", {"group_by": "round", **rates}),
        "groups": url("analytics/hit-rates", {"group_by": "group", **rates}),
        "picks": url("analytics/value-over-expected", mine),
        "trades": url("trades", {"franchise": who.slug, "format": "csv"}),
    }


def to_one(request: Request, given: Given[P], path: str) -> Response:
    """Redirect from all to the one that was chosen, which is counted like all; from an image to an image."""
    chosen = {name: text for name, text in given.texts.items() if name not in ("franchise", "q", "page")}
    if is_card(request):
        path, chosen = path + SUFFIX, {**chosen, "theme": theme_of(request)}
    return RedirectResponse(f"{path}?{urlencode(chosen)}" if chosen else path, status_code=303)


def record_response(request: Request, renderer: PageRenderer, page: RecordPage, name: str) -> Response:
    """Respond with the page of one; any other of its names redirects."""
    if page.who.slug != name:
        query = f"?{request.url.query}" if request.url.query else ""
        # not permanent: a code may come to mean another franchise
        suffix = SUFFIX if is_card(request) else ""
        url = f"/{page.who.kind}s/{page.who.slug}{suffix}{query}"
        return RedirectResponse(url, status_code=307, headers={"Cache-Control": "no-cache"})
    return renderer.render("pages/record.html", page=page)
