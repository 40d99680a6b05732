"""Texts of card images: whatever a name contains, the image stays well-formed and the text within its width."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import cards
from app.web.players.page import PlayerPage
from app.web.rendering import environment

TEXT = "{http://www.w3.org/2000/svg}text"


@given(st.text(max_size=300), st.integers(60, 700))
def test_a_text_never_becomes_wider_than_its_place(text: str, width: int) -> None:
    shown, size = cards.fit(text, width, 30)
    assert 18 <= size <= 30, "smaller, but readable"
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    again, same = cards.fit(shown, width, size)
    assert (again, round(size - same, 1) <= 0.1) == (shown, True), "what was made to fit fits"


@pytest.mark.parametrize(
    "name", ['"Quick" <b onclick="x()">O\'Neil</b> & Sons', "محمد بن عبد الله", "\x00\x0b\ud800 control", "Wilhelmina " * 40, "田中" * 60]
)
def test_every_name_is_a_well_formed_image(name: str) -> None:
    page = PlayerPage(
        person_id=1, name=name, position_name="Quarterback", synthetic=False, summary="Ohio State · not selected",
        selections=(), combines=(), athletics=None, before_combines=None, aliases=(), external_ids=(), questions=(),
    )  # fmt: skip
    values = {"page": page, "c": cards.colours("light"), "version": None}
    template = environment().get_template("cards/player.svg")
    assert "Synthetic data, made up" in template.render(values, synthetic=True)
    svg = cards.without_controls(template.render(values, synthetic=False))
    texts = [each.text or "" for each in ElementTree.fromstring(svg.encode()).iter(TEXT)]  # noqa: S314 - ours
    assert cards.without_controls(cards.fit(name, 664, 33)[0]) in texts
    assert "Data: nflverse / Pro-Football-Reference, CC-BY-4.0" in texts


def test_both_themes_have_every_colour_of_the_pages() -> None:
    light, dark = cards.colours("light"), cards.colours("dark")
    assert set(light) == set(dark)
    assert light["surface"] != dark["surface"]
    assert light["display"] == dark["display"]
