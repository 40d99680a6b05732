"""What became of the picks of a franchise or a college, and the tables that lead there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlencode

from pydantic import Field

from app.listing.parameters import FilterText, Group, Parameters, Season
from app.value.formulas import LAST_PICK
from app.value.schemas import Hit
from app.web.classes.page import GROUP_NAMES
from app.web.formatting import ordinal, plural, points
from app.web.parameters import PageParameters, label_of, pages_of, select
from app.web.plots import PlotRow, SeasonValue, season_plot
from app.web.rows import HIT_HEADS, SELECTION_HEADS, amount, difference, hit_row, pick_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.context.references import References
    from app.listing.model import Row
    from app.web.elements import Filter
    from app.web.parameters import Given, Pages
    from app.web.plots import SeasonPlot
    from app.web.trades.page import TradePage

Kind = Literal["franchise", "college"]
HITS: Mapping[Hit, tuple[str, str]] = {
    "seasons_started": ("season as a starter", "seasons as a starter"),
    "probowls": ("Pro Bowl", "Pro Bowls"),
    "w_av": ("point of weighted career value", "points of weighted career value"),
    "games": ("game", "games"),
}
HIT_LABELS: Mapping[Hit, str] = {"seasons_started": "Starter seasons", "probowls": "Pro Bowls", "w_av": "Career value", "games": "Games"}
#: Colleges on one page.
COLLEGES_SHOWN = 60
#: The earliest season that a filter takes.
FIRST_SEASON = 1900
_SPAN = {"season_min": "From class", "season_max": "To class"}


class SpanParameters(Parameters):
    """Which selections are counted."""

    season_min: Season | None = None
    season_max: Season | None = None
    group: Group | None = None


class RecordParameters(SpanParameters):
    """Which selections are counted, and what is a hit."""

    hit: Hit = "seasons_started"
    at_least: int | None = Field(default=None, ge=1, le=32767)


class FranchisesParameters(SpanParameters):
    """Which selections are counted, and the franchise to show instead of all."""

    franchise: FilterText | None = None


class CollegesParameters(SpanParameters, PageParameters):
    """Which selections are counted, and the beginning of a name."""

    q: FilterText | None = None


class Outcomes(NamedTuple):
    """What the services have about the picks of one franchise or college; ``every…`` is about all selections of the league."""

    at_least: int
    sums: Row
    rate: Row
    rounds: Sequence[Row]
    every_round: Sequence[Row]
    groups: Sequence[Row]
    every_group: Sequence[Row]
    best: Sequence[Row]
    worst: Sequence[Row]


class SeasonTable(NamedTuple):
    """The bars by season: what they are, how to read them, the numbers as rows of (season, URL, figures)."""

    title: str
    key: str
    values: Sequence[SeasonValue]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One franchise or college. With ``problem`` there is nothing about its picks."""

    kind: Kind
    slug: str
    name: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    problem: str | None
    synthetic: bool
    others: Filter | None
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    clear: str | None
    span: str
    growing: bool
    value: str
    hit: str
    rate: tuple[PlotRow, ...]
    seasons: SeasonTable | None
    plot: SeasonPlot | None
    rounds: tuple[PlotRow, ...]
    groups: tuple[PlotRow, ...]
    longest: str
    best: tuple[PlotRow, ...]
    worst: tuple[PlotRow, ...]
    trades: tuple[TradePage, ...]
    trade_total: int
    downloads: Mapping[str, str]
    hit_heads: tuple[str, ...] = HIT_HEADS
    pick_heads: tuple[str, ...] = SELECTION_HEADS

    @property
    def path(self) -> str:
        """The URL without parameters."""
        return f"/{self.kind}s/{self.slug}"


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """All franchises, or colleges. ``only`` is the URL of the one that was meant."""

    kind: Kind
    problem: str | None
    synthetic: bool
    total: int
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    clear: str | None
    span: str
    growing: bool
    heads: tuple[str, ...]
    scale: tuple[str, ...]
    rows: tuple[PlotRow, ...]
    download: str
    only: str | None = None
    place: Pages | None = None


class Who(NamedTuple):
    """Whose picks they are."""

    kind: Kind
    slug: str
    name: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    others: Filter | None = None


def record_page(
    who: Who,
    given: Given[RecordParameters],
    span: tuple[int, bool],
    found: Outcomes | None,
    seasons: SeasonTable | None,
    references: References,
    trades: tuple[tuple[TradePage, ...], int],
    *,
    problem: str | None,
    synthetic: bool,
) -> RecordPage:
    """Build the page. ``span`` is the last class that is counted, and whether careers of it are not over."""
    parameters = given.parameters or RecordParameters()
    ranked = [*found.best, *found.worst] if found else []
    most = max((amount(row[name]) for row in ranked for name in ("w_av", "expected_w_av")), default=0.0) or 1.0
    rates = {"rounds": _rates(found.rounds, found.every_round, "round", given) if found else ()}
    rates["groups"] = _rates(found.groups, found.every_group, "group", given) if found else ()
    plural_hit = HITS[parameters.hit]
    return RecordPage(
        **who._asdict(),
        problem=problem,
        synthetic=synthetic,
        selects=(
            _group_select(given.texts),
            select("hit", "A hit has", "", HIT_LABELS.items(), parameters.hit),
        ),
        fields=(("at_least", label_of("at_least"), given.texts.get("at_least", "")), *_span_fields(given.texts)),
        clear=given.path if given.texts else None,
        span=span_words(parameters, span[0], growing=span[1]),
        growing=span[1],
        value=_value_words(found.sums) if found else "",
        hit=f"at least {plural(found.at_least, *plural_hit)}" if found else "",
        rate=(hit_row(found.rate, "All picks"),) if found and found.rate["n"] else (),
        seasons=seasons if seasons and seasons.values else None,
        plot=season_plot(seasons.values) if seasons else None,
        rounds=rates["rounds"],
        groups=rates["groups"],
        longest=points(most),
        best=tuple(
            pick_row(row, references, most, with_season=True)
            for row in (found.best if found else ())
            if amount(row["value_over_expected"]) > 0
        ),
        worst=tuple(
            pick_row(row, references, most, with_season=True)
            for row in (found.worst if found else ())
            if amount(row["value_over_expected"]) < 0
        ),
        trades=trades[0],
        trade_total=trades[1],
        downloads=_downloads(who, parameters, span[0]),
    )


def _group_select(texts: Mapping[str, str]) -> Filter:
    return select("group", "Position group", "All positions", GROUP_NAMES.items(), texts.get("group", ""))


def _span_query(parameters: SpanParameters, last: int) -> str:
    return urlencode({**parameters.model_dump(include={"season_min", "group"}, exclude_none=True), "season_max": last})


def _span_fields(texts: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(name, label, texts.get(name, "")) for name, label in _SPAN.items()]


def span_words(parameters: SpanParameters, last: int, *, growing: bool) -> str:
    """Name the classes that are counted; ``growing``: careers of the last one are not over."""
    if last == FIRST_SEASON:
        return "No class has been loaded yet"
    first = f"{parameters.season_min} to" if parameters.season_min else "up to"
    words = f"Class of {last}" if parameters.season_min == last else f"Classes {first} {last}"
    return words if parameters.season_max or growing else f"{words}; later careers are not long enough"


def _rates(
    rows: Sequence[Row], everyone: Sequence[Row], name: Literal["round", "group"], given: Given[RecordParameters]
) -> tuple[PlotRow, ...]:
    of_all = {row[name]: row for row in everyone}
    own = {row[name]: row for row in rows}
    if name == "round":
        return tuple(hit_row(own[each], f"Round {each}", everyone=of_all.get(each)) for each in sorted(own, key=amount))
    return tuple(
        hit_row(own[code], label, given.url(group=code), everyone=of_all.get(code)) for code, label in GROUP_NAMES.items() if code in own
    )


def _value_words(row: Row) -> str:
    if row["value_over_expected"] is None:
        return str(row["note"])
    sums = f"{plural(int(amount(row['n'])), 'pick')}: {points(amount(row['w_av']))} of weighted career value"
    expected = f"{points(round(amount(row['expected_w_av']), 1))} expected"
    beyond = int(amount(row["beyond"]))
    rest = f" {plural(beyond, 'pick')} after pick {LAST_PICK}, where the model ends, not counted." if beyond else ""
    return f"{sums}, {expected}: {difference(row['value_over_expected'])}, or {difference(row['mean'])} a pick.{rest}"


def _downloads(who: Who, parameters: RecordParameters, last: int) -> Mapping[str, str]:
    span = {"season_min": parameters.season_min, "season_max": last, "group": parameters.group, "format": "csv"}
    mine = {who.kind: who.slug, **span}
    hit = {"hit": parameters.hit, "at_least": parameters.at_least}

    def url(path: str, **values: object) -> str:
        return f"/api/v1/{path}?{urlencode({name: value for name, value in values.items() if value is not None}, safe=',')}"

    seasons = {"analytics/value-over-expected/groups": mine} if who.kind == "franchise" else {"analytics/hit-rates": {**hit, **mine}}
    return {
        "seasons": next(url(path, group_by="season", **values) for path, values in seasons.items()),
        "rounds": url("analytics/hit-rates", group_by="round", **hit, **mine),
        "groups": url("analytics/hit-rates", group_by="group", **hit, **mine),
        "picks": url("analytics/value-over-expected", **mine),
        "trades": url("trades", franchise=who.slug, format="csv"),
    }


def franchise_seasons(rows: Sequence[Row], code: str, slug: str) -> SeasonTable:
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
    return SeasonTable(
        "Value over expected by draft",
        "Green: more than is expected of the picks; yellow: less. The table has the place among all franchises in each class.",
        values,
        ("Picks", "Value", "Expected", "Difference", "Place"),
        tuple(lines),
    )


def college_seasons(rows: Sequence[Row], slug: str, last: int) -> SeasonTable:
    """Return the picks of a college by class and how many of them were hits, which is left open for classes after ``last``."""
    values, lines = [], []
    for row in rows:
        season, picks, hits = (int(amount(row[name])) for name in ("season", "n", "hits"))
        outcome = plural(hits, "hit") if season <= last else "too early to tell"
        values.append(SeasonValue(season, picks, hits if season <= last else 0, f"{season}: {plural(picks, 'pick')}, {outcome}"))
        lines.append((str(season), f"/classes/{season}?college={slug}", (str(picks), str(hits) if season <= last else "–")))
    return SeasonTable("Picks by class", "The filled part of a bar shows the hits.", values, ("Picks", "Hits"), tuple(lines))


def franchises_page(
    given: Given[FranchisesParameters], rows: Sequence[Row], span: tuple[int, bool], references: References, *, synthetic: bool
) -> RecordsPage:
    """Build the table of all franchises, the most value over expected per pick first; ``span`` is that of ``record_page``."""
    parameters = given.parameters or FranchisesParameters()
    clubs = {club.code: club for club in references.franchises.values()}
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

    return RecordsPage(
        kind="franchise",
        problem=given.problem,
        synthetic=synthetic,
        total=len(known),
        selects=(_group_select(given.texts),),
        fields=tuple(_span_fields(given.texts)),
        clear=given.path if given.texts else None,
        span=span_words(parameters, span[0], growing=span[1]),
        growing=span[1],
        heads=("Per pick", "In all", "Picks"),
        scale=(difference(-most), "as expected", difference(most)),
        rows=tuple(line(row) for row in sorted(known, key=lambda row: amount(row["mean"]), reverse=True)),
        download=f"/api/v1/analytics/value-over-expected/groups?group_by=franchise&{_span_query(parameters, span[0])}&format=csv",
    )


def colleges_page(
    given: Given[CollegesParameters],
    found: Sequence[Row],
    rates: Mapping[str, Row],
    span: tuple[int, bool],
    *,
    problem: str | None,
    synthetic: bool,
) -> RecordsPage:
    """Build a page of the table of colleges, those with the most selections first; past the last page, the last one."""
    parameters = given.parameters or CollegesParameters()
    place = pages_of(given.page_url, parameters.page, len(found), COLLEGES_SHOWN)

    def line(row: Row) -> PlotRow:
        slug, picks = str(row["slug"]), int(amount(row["picks"]))
        seasons = (
            f", {row['first_season']} to {row['last_season']}" if row["first_season"] != row["last_season"] else f", {row['last_season']}"
        )
        facts = f"{plural(picks, 'pick')}{seasons if picks else ''}"
        none: Row = {"rate": None, "lower": None, "upper": None, "hits": 0, "n": 0}
        return hit_row(rates.get(slug, none), str(row["name"]), f"/colleges/{slug}", facts)

    return RecordsPage(
        kind="college",
        problem=problem,
        synthetic=synthetic,
        total=len(found),
        selects=(_group_select(given.texts),),
        fields=(("q", "Name", given.texts.get("q", "")), *_span_fields(given.texts)),
        clear=given.path if set(given.texts) - {"page"} else None,
        span=span_words(parameters, span[0], growing=span[1]),
        growing=span[1],
        heads=HIT_HEADS,
        scale=("0", "50 %", "100 %"),
        rows=tuple(line(row) for row in found[place.first - 1 :][:COLLEGES_SHOWN]),
        download=f"/api/v1/analytics/hit-rates?group_by=college&{_span_query(parameters, span[0])}&format=csv",
        only=f"/colleges/{found[0]['slug']}" if parameters.q and len(found) == 1 and not problem else None,
        place=place,
    )
