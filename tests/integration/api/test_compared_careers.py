"""What became of the people of a comparison."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.api.conftest import Api

BROWSER = {"accept": "text/html"}
OUTCOMES = ("games", "seasons_started", "probowls", "w_av")
LABELS = ("Games", "Starter seasons", "Pro Bowls", "Weighted value")


def test_careers_stand_side_by_side(league_api: Api) -> None:
    picks = league_api.items("draft-picks", season_max=2015, limit=500)
    known = next(row for row in picks if all(row[name] for name in OUTCOMES))
    unknown = next(row for row in picks if row["w_av"] is None)
    unselected = league_api.items("prospects", drafted="false", fields="person_id", limit=1)[0]
    ids = ",".join(str(row["person_id"]) for row in (known, unknown, unselected))
    people = league_api.v1("compare", ids=ids).json()["people"]
    for person, pick in zip(people, (known, unknown), strict=False):
        [selection] = person["selections"]
        assert selection == {name: pick[name] for name in selection}
        assert set(OUTCOMES) < set(selection)
    assert people[2]["selections"] == []
    page = league_api.get(f"/compare?ids={ids}", headers=BROWSER)
    for label, name in zip(LABELS, OUTCOMES, strict=True):
        [row] = re.findall(rf'<th role="rowheader" scope="row">{label}</th>(.*?)</tr>', page.text, re.DOTALL)
        cells = [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
        assert cells[0] == f"{known[name]:,}"
        assert cells[1] == ("– no record" if unknown[name] is None else f"{unknown[name]:,}")
        assert cells[2] == "– no selection in the draft file"


def test_who_was_not_in_the_draft_file_is_not_just_not_selected(league_api: Api) -> None:
    [chosen] = league_api.items("players", selection="supplemental", limit=1)
    [other] = league_api.items("players", selection="undrafted", limit=1)
    page = league_api.get(f"/compare?ids={chosen['person_id']},{other['person_id']}", headers=BROWSER)
    [row] = re.findall(r'<th role="rowheader" scope="row">Selected</th>(.*?)</tr>', page.text, re.DOTALL)
    words = f"supplemental draft of {chosen['draft_year']}, round {chosen['draft_round']}"
    assert [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in row.split("</td>")[:2]] == [words, "not selected"]


def test_a_visit_of_a_person_without_a_combine_entry(league_api: Api) -> None:
    never = league_api.items("prospects", measured="false", fields="person_id", limit=1)[0]["person_id"]
    refused = league_api.v1(f"people/{never}/percentiles", visit=1999)
    assert refused.status_code == 422
    assert "was not at the combine of 1999; the data have no combine entry of this player." in refused.text


def test_a_franchise_and_a_college_are_not_named_in_each_of_their_own_rows(league_api: Api) -> None:
    college = league_api.items("colleges", sort="-picks", limit=1)[0]
    for url, name in (("/franchises/bills", "Buffalo Bills"), (f"/colleges/{college['slug']}", str(college["name"]))):
        page = league_api.get(f"{url}?season_max=2015", headers=BROWSER)
        facts = re.findall(r"pick \d+ of \d{4}[^<]*", page.text)
        assert len(facts) > 4
        assert [fact for fact in facts if name in fact] == []
