"""Where marks of plots are, and that names on them stay text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.web.plots import axis, radar
from app.web.rendering import environment

NAME = """<script>alert("1")</script>' onload='x"""
numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(0, 300).map(float)


def test_a_radar_is_closed_only_when_all_was_measured() -> None:
    axes = ["up", "right", "down", "left"]
    whole = radar(axes, [("A", [100, 50, 0, 25])])
    assert whole is not None
    assert whole.series[0].lines == ("0.0,-100.0 50.0,0.0 0.0,0.0 -25.0,0.0",)
    assert (whole.series[0].closed, whole.series[0].words) == (True, "up 100, right 50, down 0, left 25")
    gap = radar(axes, [("A", [100, None, 40, 25])])
    assert gap is not None
    assert gap.series[0].lines == ("0.0,40.0 -25.0,0.0 0.0,-100.0",)
    assert (gap.series[0].closed, len(gap.series[0].dots)) == (False, 3)
    assert "right not measured" in gap.series[0].words
    assert radar(axes, [("A", [100, None, None, 25]), ("B", [None] * 4)]) is None


def test_a_hostile_name_is_text_on_a_radar() -> None:
    template = environment().from_string('{% from "partials/radar.html" import radar_plot %}{{ radar_plot(radar, name) }}')
    drawn = template.render(radar=radar(["a", "b", "c"], [(NAME, [1, 2, 3]), (NAME, [1, 2, 3])]), name=NAME)
    assert drawn.count("&lt;script&gt;") == 6
    assert "<script" not in drawn
    assert "' onload" not in drawn


@given(st.lists(numbers, max_size=20))
def test_every_value_has_a_place_on_its_axis(values: list[float]) -> None:
    drawn = axis(values, 80, 600)
    assert 2 <= len(drawn.ticks) <= 8
    assert all(80 <= drawn.place(value) <= 600 for value in values)
    assert (drawn.ticks[0].at, drawn.ticks[-1].at) == (80, 600)
    assert len({tick.label for tick in drawn.ticks}) == len(drawn.ticks)


def test_marks_are_at_round_numbers() -> None:
    assert [tick.label for tick in axis([4.24, 5.6], 0, 100).ticks] == ["4.0", "4.5", "5.0", "5.5", "6.0"]
    assert [tick.label for tick in axis([150, 380], 0, 100).ticks] == ["150", "200", "250", "300", "350", "400"]
