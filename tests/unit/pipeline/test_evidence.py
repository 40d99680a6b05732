"""How much two names, and all evidence about a pair of records together, say about being one person."""

from __future__ import annotations

import polars as pl
import pytest

from app.names import name_key
from pipeline.steps.evidence import name_points, other_build, same_class, surnames, with_score


@pytest.mark.parametrize(
    ("left", "right", "points"),
    [
        ("Teo Marsh", "Theodore Marsh", 2.0),
        ("Mike Otto Jr.", "Michael Otto", 2.0),
        ("Dezmin Lewis", "Dez Lewis", 2.0),
        ("M.J. Devon", "Marlon Devon", 2.0),
        ("Kitan Lapo", "Olakitan Lapo", 2.0),
        ("John St. Clair", "John Saint Clair", 2.5),
        ("Stylez G. White", "Stylez White", 2.5),
        ("Jaxon Smith-Nigel", "Jaxon Smith", 2.5),
        ("Tracy Walker", "Trey Walker", 1.0),
        ("Al Walker", "Anton Walker", 0.5),
        ("Mookie Moore", "Pork Moore", 0.5),
        ("Alder Quist", "Bram Oster", -1.0),
        ("Pele", "Bram Oster", -1.0),
    ],
)
def test_points_of_names(left: str, right: str, points: float) -> None:
    assert name_points(name_key(left), name_key(right)) == name_points(name_key(right), name_key(left)) == points


def test_no_piece_of_evidence_decides_alone() -> None:
    own = {"name_key": "teo marsh", "match_key": "teomarsh", "season": 2024, "college_id": 7, "position_leaf": "TE", "position_group": "TE"}
    others = [
        own,
        {**own, "name_key": "theodore marsh", "match_key": "theodoremarsh", "season": 2023, "position_leaf": "LS"},
        {**own, "season": 2012, "college_id": None},
        {**own, "college_id": 8, "position_leaf": None, "position_group": None},
    ]
    pairs = pl.DataFrame([{**own, **{f"{name}_other": value for name, value in other.items()}} for other in others])
    assert with_score(pairs, same_class(), pl.lit(0.5))["score"].to_list() == [7.5, 5.5, -1.5, 3.5]


def test_bodies_that_cannot_be_one() -> None:
    visits = pl.DataFrame({"ht": [66, 77, None], "ht_other": [77, 76, 70], "wt": [195, 300, 200], "wt_other": [200, 210, None]})
    assert visits.select(other_build("ht", "wt")).to_series().to_list() == [True, True, False]


def test_the_words_of_a_surname() -> None:
    names = pl.DataFrame({"name": [name_key(name) for name in ("John Saint Clair Jr.", "Jaxon Smith-Nigel", "Pele", "Al Vi")]})
    assert names.select(surnames("name")).to_series().to_list() == [["st", "clair"], ["smith", "nigel"], [], ["vi"]]
