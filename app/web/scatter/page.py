"""A scatter plot of two measures of prospects, with every filter of their list."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AfterValidator

from app.context.references import References
from app.datasets.combine import DRILLS
from app.datasets.model import FilterType
from app.datasets.prospects import OUTCOMES, PROSPECTS
from app.errors.wording import did_you_mean
from app.listing.derived import filter_model, parameter_model
from app.listing.model import Row
from app.listing.parameters import ListParameters
from app.listing.query import Page
from app.parameters import Parameters
from app.web.elements import Filter, franchise_select, select
from app.web.formatting import number
from app.web.parameters import Given, label_of
from app.web.plots import BOTTOM, LEFT, RIGHT, TOP, Axis, Point, axis
from app.web.rows import amount
from app.web.wording import DRILL_TEXTS, GROUP_NAMES

#: More points are neither told apart nor passed through with a keyboard.
MOST_POINTS = 300
_TEXT_FIELDS = ("season_min", "season_max", "round", "college")
#: What every value of a filter exceeds.
_LOWEST: Mapping[FilterType, str] = {"count": "0", "measure": "0", "amount": "-1000000", "season": "1900"}


@dataclass(frozen=True, slots=True)
class Measure:
    """What an axis may show: a field of prospects with a filter for its range, so that rows without it can be left out."""

    name: str
    label: str
    unit: str | None
    lowest: tuple[str, str]

    @property
    def title(self) -> str:
        """The label with the unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def text(self, value: float) -> str:
        """Write a value for people."""
        if self.name in DRILL_TEXTS:
            return DRILL_TEXTS[self.name].text(value)
        return f"{value:.0f}" if self.name == "to" else number(value, None if value == int(value) else 2)


def _measures() -> dict[str, Measure]:
    fields = {field.name: field for field in PROSPECTS.fields}
    ranges = {
        each.about: each for each in PROSPECTS.filters if each.name.endswith("_min") and each.about in fields and each.about != "season"
    }
    labels = Counter(fields[name].label for name in ranges)
    found = {}
    for name, low in ranges.items():
        field = fields[name]
        if field.label is None and name in OUTCOMES:  # empty in the source
            continue
        label = field.label or (DRILL_TEXTS[name].label if name in DRILLS else {"bmi": "BMI"}.get(name, label_of(name)))
        if field.label and labels[label] > 1:
            label = f"{field.section}: {label.lower()}"
        found[name] = Measure(name, label, field.unit, (low.name, _LOWEST[low.type]))
    return found


MEASURES = _measures()


def _known(name: str) -> str:
    if name not in MEASURES:
        raise ValueError(f"Unknown measure {name[:40]!r}. {did_you_mean(name, MEASURES)}Choose from {', '.join(MEASURES)}.")
    return name


class Axes(Parameters):
    """The two measures."""

    x: Annotated[str, AfterValidator(_known)] = "wt"
    y: Annotated[str, AfterValidator(_known)] = "forty"


ScatterParameters: type[Axes] = filter_model(PROSPECTS, Axes)
"""The two measures, and the filters of the list."""
_ListParameters = parameter_model(PROSPECTS)


@dataclass(frozen=True, slots=True)
class ScatterPage:
    """The form and the plot."""

    problem: str | None
    selects: tuple[Filter, ...]
    fields: tuple[tuple[str, str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    x: Measure
    y: Measure
    x_axis: Axis
    y_axis: Axis
    points: tuple[Point, ...]
    total: int
    clear: str | None
    download: str


def list_parameters(given: Given[Axes]) -> ListParameters:
    """Return the parameters of the list of prospects who have both measures, the latest classes first."""
    axes = given.parameters
    fields = ("season", "person_id", "name", "position", "college", "drafted", "pick", axes.x, axes.y)
    values = {**_filters(given), "fields": ",".join(dict.fromkeys(fields)), "sort": "-season", "limit": MOST_POINTS}
    return _ListParameters.model_validate(values)


def _filters(given: Given[Axes]) -> dict[str, str]:
    axes = given.parameters
    filters = {name: text for name, text in given.texts.items() if name not in ("x", "y")}
    return {**dict(MEASURES[name].lowest for name in (axes.x, axes.y)), **filters}


def scatter_page(given: Given[Axes], found: Page | None, references: References) -> ScatterPage:
    """Build the page."""
    x, y = MEASURES[given.parameters.x], MEASURES[given.parameters.y]
    rows = found.items if found else []
    x_axis, y_axis = (axis([amount(row[each.name]) for row in rows], *ends) for each, ends in ((x, (LEFT, RIGHT)), (y, (BOTTOM, TOP))))
    options = [(each.name, each.title) for each in MEASURES.values()]
    chosen = given.texts.get
    filters = _filters(given)
    columns = dict.fromkeys(("season", "person_id", "name", "position", "college", "round", "pick", "franchise", x.name, y.name))
    return ScatterPage(
        problem=given.problem,
        selects=(
            select("x", "Across", "", options, x.name),
            select("y", "Up", "", options, y.name),
            select("position", "Position", "All positions", [*GROUP_NAMES.items(), ("EDGE", "Edge rushers")], chosen("position", "")),
            select("drafted", "Selected", "All prospects", (("true", "Selected"), ("false", "Not selected")), chosen("drafted", "")),
            franchise_select(references, chosen("franchise", "")),
        ),
        fields=tuple((name, label_of(name), chosen(name, "")) for name in _TEXT_FIELDS),
        hidden=given.hidden(("x", "y", "position", "drafted", "franchise", *_TEXT_FIELDS)),
        x=x,
        y=y,
        x_axis=x_axis,
        y_axis=y_axis,
        points=tuple(_point(row, x, y, x_axis, y_axis) for row in rows),
        total=found.total if found else 0,
        clear=given.path + f"?x={x.name}&y={y.name}" if set(given.texts) - {"x", "y"} else None,
        download=f"/api/v1/{PROSPECTS.path}?{urlencode({**filters, 'fields': ','.join(columns), 'format': 'csv'}, safe=',')}",
    )


def _point(row: Row, x: Measure, y: Measure, x_axis: Axis, y_axis: Axis) -> Point:
    across, up = amount(row[x.name]), amount(row[y.name])
    drafted = row["drafted"] is True
    x_text, y_text = x.text(across), y.text(up)
    place = f"pick {row['pick']} of {row['season']}" if drafted else f"{row['season']}, not selected"
    return Point(
        person_id=int(str(row["person_id"])),
        name=str(row["name"]),
        place=f"{row['position']}, {place}",
        measures=f"{x.label} {x_text} · {y.label} {y_text}",
        season=int(str(row["season"])),
        position=str(row["position"]),
        x_text=x_text,
        y_text=y_text,
        x=x_axis.place(across),
        y=y_axis.place(up),
        drafted=drafted,
    )
