"""Spellings: names, colleges and heights, with any text that a source could hold."""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.names import name_key
from pipeline.reference.catalog import college_aliases, positions, team_eras
from pipeline.reference.college_names import college_key, expand, slug
from pipeline.sources.combine.rules import height_in_inches
from pipeline.steps.normalise import match_keys, name_keys


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Amaré Barno", "amare barno"),
        ("Ja'Marr Chase", "jamarr chase"),
        ("D.K. Metcalf", "dk metcalf"),
        ("Jaxon Smith-Njigba", "jaxon smith njigba"),
        ("  Łukasz   ØRSTED ", "lukasz orsted"),
        ("'.'", ""),
    ],
)
def test_name_key(name: str, key: str) -> None:
    assert name_key(name) == key


@given(st.text())
def test_name_key_is_plain_and_stable(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert key == " ".join(key.split())
    assert key.isascii()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=20))
def test_vectorised_name_keys_are_the_same(names: list[str]) -> None:
    keys = name_keys(pl.Series(names, dtype=pl.String))
    assert keys.to_list() == [name_key(name) for name in names]
    assert match_keys(keys).to_list() == [re.sub(" (?:jr|sr|ii|iii|iv|v)$", "", key).replace(" ", "") for key in keys]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ohio St.", "Ohio State"),
        ("East. Michigan", "Eastern Michigan"),
        ("Boston Col.", "Boston College"),
        ("La-Monroe", "Louisiana-Monroe"),
        ("Wisconsin–Stout", "Wisconsin-Stout"),
        ("NC State", "North Carolina St."),
        ("Miami", "Miami (FL)"),
        ("Miami (Ohio)", "Miami (OH)"),
        ("UCF", "Central Florida"),
    ],
)
def test_two_spellings_of_one_college(left: str, right: str) -> None:
    aliases = college_aliases()
    assert aliases.get(college_key(left), expand(left)) == aliases.get(college_key(right), expand(right))


@pytest.mark.parametrize(("left", "right"), [("Miami (FL)", "Miami (OH)"), ("St. Cloud St.", "Cloud"), ("La Verne", "Louisiana Verne")])
def test_other_colleges_stay_apart(left: str, right: str) -> None:
    assert college_key(left) != college_key(right)


def test_a_leading_saint_is_no_state() -> None:
    assert expand("St. Cloud St.") == "Saint Cloud State"
    assert expand("St. Mary's (CA)") == "Saint Mary's (CA)"


@given(st.text())
def test_slug_fits_an_address(name: str) -> None:
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def _inches(text: str | None) -> int | None:
    frame = pl.DataFrame({"ht": [text]}, schema={"ht": pl.String})
    value: int | None = frame.select(height_in_inches("ht")).item()
    return value


@given(st.integers(4, 7), st.integers(0, 11), st.sampled_from(["{}-{}", "{}'{}", "{}'{}\"", " {}-{} "]))
def test_heights(feet: int, inches: int, spelling: str) -> None:
    assert _inches(spelling.format(feet, inches)) == feet * 12 + inches


@pytest.mark.parametrize("text", ["6-12", "6", "", "six-two", "6-2-1", "-6-2", "62", "May-11", None])
def test_what_is_no_height(text: str | None) -> None:
    assert _inches(text) is None


@given(st.text(max_size=12))
def test_any_text_is_a_height_or_nothing(text: str) -> None:
    value = _inches(text)
    assert value is None or 0 <= value < 120


def test_eras_of_one_code_do_not_overlap() -> None:
    eras = sorted(team_eras(), key=lambda era: (era.system, era.code, era.first_season))
    for earlier, later in pairwise(eras):
        if (earlier.system, earlier.code) == (later.system, later.code):
            assert earlier.last_season is not None
            assert earlier.last_season < later.first_season


def test_every_season_has_every_franchise_of_its_time() -> None:
    sizes = {
        season: len({e.franchise_id for e in team_eras() if e.system == "pfr" and e.first_season <= season <= (e.last_season or 9999)})
        for season in (1980, 1995, 1996, 1999, 2002, 2026)
    }
    assert sizes == {1980: 28, 1995: 30, 1996: 30, 1999: 31, 2002: 32, 2026: 32}


def test_positions_lead_to_groups_of_the_domain() -> None:
    assert {group for _, group, _ in positions().values()} == {"QB", "RB", "WR", "TE", "OL", "DL", "LB", "DB", "ST"}
    assert {side for *_, side in positions().values()} == {"O", "D", "S"}
    for code, (leaf, group, side) in positions().items():
        assert positions()[leaf] == (leaf, group, side), code
