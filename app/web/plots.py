"""Where the marks of a plot are, in the units of its drawing. Numbers only: the templates draw them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.web.formatting import with_minus

RADIUS = 100
_LABELS_AT = 116


@dataclass(frozen=True, slots=True)
class Spoke:
    """An axis of the radar: its end, and where its label is."""

    label: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Series:
    """A person on the radar: lines through neighbouring measurements, ``closed`` when all axes have one. ``words`` say the same."""

    name: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    closed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Radar:
    """Percentiles on axes around a centre; the rings are at 25, 50 (the median), 75 and 100."""

    spokes: tuple[Spoke, ...]
    series: tuple[Series, ...]
    rings: tuple[tuple[int, str], ...]


def radar(axes: Sequence[str], people: Sequence[tuple[str, Sequence[float | None]]]) -> Radar | None:
    """Place percentiles from 0 to 100; None when each person has fewer than three, which make no shape."""
    if max((sum(value is not None for value in values) for _, values in people), default=0) < 3:
        return None
    count = len(axes)
    spokes = []
    for number, label in enumerate(axes):
        (x, y), (label_x, label_y) = _at(number, count, RADIUS), _at(number, count, _LABELS_AT)
        anchor = "middle" if abs(label_x) < 1 else "start" if label_x > 0 else "end"
        spokes.append(Spoke(label, x, y, label_x, label_y, anchor))
    rings = tuple((at, _path([_at(number, count, at) for number in range(count)])) for at in (25, 50, 75, 100))
    return Radar(tuple(spokes), tuple(_series(name, axes, values) for name, values in people), rings)


def _series(name: str, axes: Sequence[str], values: Sequence[float | None]) -> Series:
    count = len(values)
    points = [None if value is None else _at(number, count, value) for number, value in enumerate(values)]
    closed = None not in points
    lines = [_path([point for point in points if point is not None])] if closed else [_path(run) for run in _runs(points) if len(run) > 1]
    words = ", ".join(f"{axis} not measured" if value is None else f"{axis} {value:.0f}" for axis, value in zip(axes, values, strict=True))
    return Series(name, tuple(lines), tuple(point for point in points if point is not None), closed, words)


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Return the neighbours that have a value; the circle is opened where one has none."""
    gap = points.index(None)
    runs: list[list[tuple[float, float]]] = [[]]
    for point in (*points[gap + 1 :], *points[:gap]):
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return runs


def _at(number: int, count: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * number / count
    return round(radius * math.sin(angle), 1) + 0.0, round(-radius * math.cos(angle), 1) + 0.0  # the sum writes -0.0 as 0.0


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from values to the units of the drawing; ``start`` is where the lowest value is."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[Tick, ...]

    def place(self, value: float) -> float:
        """Return where a value is."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def axis(values: Sequence[float], start: float, end: float, count: int = 5) -> Axis:
    """Return an axis for these values with about ``count`` marks at round numbers."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    step = _round_step((high - low) / count or max(abs(high), 1.0) / count)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    found = Axis(first * step, last * step, start, end, ())
    digits = max(0, -math.floor(math.log10(step)))
    ticks = tuple(Tick(found.place(number * step), with_minus(f"{number * step:,.{digits}f}")) for number in range(first, last + 1))
    return Axis(found.low, found.high, start, end, ticks)


def _round_step(least: float) -> float:
    """Return the least of 1, 2, 5, 10, 20 ... (and their tenths) that is not below ``least``."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


#: The edges of a plot of points in a drawing of 720 by 630: above are the card of a point and the label of the vertical axis.
LEFT, RIGHT, TOP, BOTTOM = 84, 676, 156, 560


@dataclass(frozen=True, slots=True)
class Point:
    """One person in one class, where he is in the drawing, and what his card says."""

    person_id: int
    name: str
    place: str
    measures: str
    season: int
    position: str
    x_text: str
    y_text: str
    x: float
    y: float
    drafted: bool


@dataclass(frozen=True, slots=True)
class PlotRow:
    """A row of a table with a drawing 100 units wide: a bar (start, length), a dot with its whiskers, and a mark to compare with.

    ``figures`` say in numbers what is drawn.
    """

    label: str
    url: str | None
    facts: str
    figures: tuple[str, ...]
    bar: tuple[float, float] | None = None
    dot: float | None = None
    whisker: tuple[float, float] | None = None
    mark: float | None = None
    below: bool = False


@dataclass(frozen=True, slots=True)
class SeasonValue:
    """What a season has: its value, the part of it that is drawn filled, and both in words."""

    season: int
    value: float
    part: float
    words: str


@dataclass(frozen=True, slots=True)
class Column:
    """A bar of a season; ``full`` and ``part`` are (upper end, height)."""

    x: float
    width: float
    full: tuple[float, float]
    part: tuple[float, float]
    below: bool
    words: str


@dataclass(frozen=True, slots=True)
class SeasonPlot:
    """A bar per season, upwards or downwards from ``zero``."""

    columns: tuple[Column, ...]
    axis: Axis
    zero: float
    labels: tuple[Tick, ...]


#: The edges of the bars in a drawing of 720 by 300.
BARS_LEFT, BARS_RIGHT, BARS_TOP, BARS_BOTTOM = 64, 712, 16, 262


def season_plot(values: Sequence[SeasonValue]) -> SeasonPlot | None:
    """Place a bar for every season between the first and the last, where a season without a value has none; None without any value."""
    if not values:
        return None
    first, last = values[0].season, values[-1].season
    step = (BARS_RIGHT - BARS_LEFT) / (last - first + 1)
    found = axis([0.0, *(each.value for each in values)], BARS_BOTTOM, BARS_TOP, 4)
    zero = found.place(0)

    def ends(value: float) -> tuple[float, float]:
        at = found.place(value)
        return min(at, zero), round(abs(at - zero), 1)

    columns = tuple(
        Column(
            round(BARS_LEFT + (each.season - first + 0.1) * step, 1),
            round(0.8 * step, 1),
            ends(each.value),
            ends(each.part),
            each.value < 0,
            each.words,
        )
        for each in values
    )
    every = next(years for years in (1, 2, 5, 10) if (last - first) / years <= 9 or years == 10)
    labels = (Tick(round(BARS_LEFT + (each - first + 0.5) * step, 1), str(each)) for each in range(first, last + 1) if each % every == 0)
    return SeasonPlot(columns, found, zero, tuple(labels))


def steps(values: Sequence[float], width: float, height: float) -> str:
    """Return the path of values that follow each other, each as long as the others, in a drawing of this size."""
    low, high = min(values), max(values)
    scale = (height - 4) / (high - low) if high > low else 0
    parts = []
    for number, value in enumerate(values):
        up = round(height - 2 - (value - low) * scale, 1)
        parts.append(f"{'V' if number else 'M0 '}{up}H{round(width * (number + 1) / len(values), 1)}")
    return "".join(parts)
