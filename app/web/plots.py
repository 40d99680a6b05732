"""Where the marks of a plot are, in the units of its drawing. Numbers only: the templates draw them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    ticks = tuple(Tick(found.place(number * step), f"{number * step:,.{digits}f}") for number in range(first, last + 1))
    return Axis(found.low, found.high, start, end, ticks)


def _round_step(least: float) -> float:
    """Return the least of 1, 2, 5, 10, 20 ... (and their tenths) that is not below ``least``."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def steps(values: Sequence[float], width: float, height: float) -> str:
    """Return the path of values that follow each other, each as long as the others, in a drawing of this size."""
    low, high = min(values), max(values)
    scale = (height - 4) / (high - low) if high > low else 0
    parts = []
    for number, value in enumerate(values):
        up = round(height - 2 - (value - low) * scale, 1)
        parts.append(f"{'V' if number else 'M0 '}{up}H{round(width * (number + 1) / len(values), 1)}")
    return "".join(parts)
