"""The evidence of a conflict: a measure agrees whatever its year, and an id that two records share is on both sides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from app.identity.service import _evidence

if TYPE_CHECKING:
    from app.people.schemas import PersonDetail


def _person(college: str, season: int, height: float, weight: float, pfr: str | None) -> PersonDetail:
    drills = [SimpleNamespace(drill="height_in", value=height), SimpleNamespace(drill="wt", value=weight)]
    fields = {
        "name": "Ed Bo",
        "college": college,
        "position_leaf": "WR",
        "first_season": season,
        "last_season": season,
        "aliases": [],
        "selections": [],
        "careers": [],
        "external_ids": [SimpleNamespace(type="pfr", value=pfr)] if pfr else [],
        "combine": [SimpleNamespace(season=season, drills=drills, draft_year=None, draft_ovr=None)],
    }
    return cast("PersonDetail", SimpleNamespace(**fields))


def test_the_year_of_a_measure_is_not_compared_but_what_names_a_college_is() -> None:
    sides = _person("Miami (FL)", 2016, 74, 210, "BoEd00"), _person("Miami (OH)", 2018, 74, 195, None)
    found = {each.what: (each.person, each.other, each.agrees) for each in _evidence(*sides, {"pfr id": {"BoEd00"}})}
    assert found["height"] == ("74 (2016)", "74 (2018)", True)
    assert found["weight"] == ("210 (2016)", "195 (2018)", False)
    assert found["college"] == ("Miami (FL)", "Miami (OH)", False)
    assert found["pfr id"] == ("BoEd00", "BoEd00", True)
    assert {each.what: each.other for each in _evidence(*sides, {})}["pfr id"] is None
