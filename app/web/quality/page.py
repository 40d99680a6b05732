"""What the page about the quality of the data shows: completeness as a heat map of season by field, and the findings that hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.context import ServiceContext
from app.datasets import DATASETS
from app.listing.model import Row
from app.listing.parameters import Dataset
from app.parameters import Parameters
from app.quality import service
from app.quality.schemas import CompletenessParameters, FieldCompleteness, FindingParameters
from app.web.elements import Link
from app.web.parameters import Year

#: Findings on the page; the file has all of them.
FINDINGS_SHOWN = 100
#: What the shades of the heat map mean, from nothing at all to everything; the upper ends are exclusive.
SHADES = ("none", "under 25 %", "under 50 %", "under 75 %", "under 95 %", "under 100 %", "all")
_ENDS = (25, 50, 75, 95, 100)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One field in one season."""

    shade: int
    text: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One field: its seasons, its percentage in all rows and in the chosen season, and a summary for those who do not see the shades."""

    field: str
    description: str
    cells: tuple[HeatCell, ...]
    percent: str
    chosen: str | None
    summary: str


@dataclass(frozen=True, slots=True)
class QualityPage:
    """One data set. ``season`` is the chosen one, whose numbers have a column of their own."""

    datasets: tuple[Link, ...]
    title: str
    rows: str
    total: int
    season: int | None
    seasons: tuple[Link, ...]
    fields: tuple[HeatRow, ...]
    findings: Sequence[Row]
    finding_total: int
    findings_by_rule: tuple[tuple[str, int], ...]
    open_total: int
    completeness_url: str
    findings_url: str


class QualityParameters(Parameters):
    """The data set, by default the first that is loaded, and the season whose numbers have a column of their own."""

    dataset: Dataset | None = None
    season: Year | None = None


async def quality_page(context: ServiceContext, wanted: QualityParameters) -> QualityPage | None:
    """Return the page of a data set; None if it is not loaded, or has no such season."""
    version = await context.version()
    loaded = [name for name in DATASETS if version.rows.get(name)]
    season, name = wanted.season, wanted.dataset or next(iter(loaded), None)
    if name not in loaded:
        return None
    declared = DATASETS[name]
    whole = (await service.completeness(context, CompletenessParameters(dataset=name))).items
    by_season: list[FieldCompleteness] = []
    if declared.season is not None:
        by_season = (await service.completeness(context, CompletenessParameters(dataset=name, by="season"))).items
    seasons = sorted({each.season for each in by_season if each.season is not None})
    if season is not None and season not in seasons:
        return None
    parts = {field: list(items) for field, items in groupby(sorted(by_season, key=lambda each: each.field), key=lambda each: each.field)}
    findings = await (await service.list_findings(context, FindingParameters(dataset=(name,), limit=FINDINGS_SHOWN))).page()
    counts = [each for each in await service.count_findings(context) if each.dataset == name]
    query = f"dataset={declared.path}"
    return QualityPage(
        datasets=tuple(Link(DATASETS[each].title.capitalize(), f"/quality?dataset={DATASETS[each].path}", each == name) for each in loaded),
        title=declared.title,
        rows=declared.rows,
        total=version.rows[name],
        season=season,
        seasons=tuple(Link(str(each), f"/quality?{query}&season={each}", each == season) for each in seasons),
        fields=tuple(_row(field, declared.listed[field.field].description, parts.get(field.field, []), season) for field in whole),
        findings=findings.items,
        finding_total=findings.total,
        findings_by_rule=tuple(
            sorted(((each.rule, each.open + each.acknowledged) for each in counts), key=lambda found: (-found[1], found[0]))
        ),
        open_total=sum(each.open for each in counts),
        completeness_url=f"/api/v1/quality/completeness?{query}{'&by=season' if seasons else ''}&format=csv",
        findings_url=f"/api/v1/quality/findings?{query}&format=csv&escape_formulas=true",
    )


def _row(whole: FieldCompleteness, description: str, seasons: Sequence[FieldCompleteness], chosen: int | None) -> HeatRow:
    percents: Mapping[int | None, str] = {each.season: _percent(each) for each in seasons}
    summary = f"{whole.field}: {_percent(whole)} of all rows"
    if seasons:
        lowest, highest = min(seasons, key=_share), max(seasons, key=_share)
        summary += f", from {_percent(lowest)} in {lowest.season} to {_percent(highest)} in {highest.season}"
    cells = tuple(HeatCell(_shade(each), f"{each.season}: {percents[each.season]}, {each.filled:,} of {each.total:,}") for each in seasons)
    return HeatRow(whole.field, description, cells, _percent(whole), percents.get(chosen), summary)


def _share(each: FieldCompleteness) -> float:
    return each.filled / each.total


def _percent(each: FieldCompleteness) -> str:
    """Return the percentage with one decimal; only nothing is 0, and only everything is 100."""
    if each.filled in (0, each.total):
        return "0 %" if each.dead else "100 %"
    return f"{min(max(100 * _share(each), 0.1), 99.9):.1f} %"


def _shade(each: FieldCompleteness) -> int:
    """Return the place in ``SHADES``."""
    return 0 if each.dead else 1 + sum(100 * _share(each) >= end for end in _ENDS)
