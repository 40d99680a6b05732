"""How a player without a selection in the draft file came into the league, in words: every kind of selection, known in full or in part."""

from __future__ import annotations

import pytest

from app.context.references import Franchise, References, TeamEra
from app.listing.model import Row
from app.web.players.page import Entry, entry
from app.web.wording import entry_facts

CLUB = Franchise(1, "OAK", "raiders", "Las Vegas Raiders", "AFC", "West")
ERAS = (TeamEra("pfr", "OAK", 1960, 2019, 1, "Oakland Raiders"), TeamEra("nfl", "LV", 2020, None, 1, "Las Vegas Raiders"))
REFERENCES = References({1: CLUB}, ERAS, {}, {}, {}, {})
LEAGUE = "On record in the league: 2011 to 2018. "
NO_FILE = "Supplemental selections are not in the draft file and have no career value here."
NO_VALUE = "The draft file does not have this selection, so its career value is unknown."


def career(selection: str, **known: int | str | None) -> Row:
    """The record of a player who was in the league from 2011 to 2018; by default the rest is not known."""
    unknown = dict.fromkeys(("draft_year", "draft_round", "draft_pick", "draft_team"))
    return {**unknown, "selection": selection, "rookie_season": 2011, "last_season": 2018, **known}


WHOLE: dict[str, int | str | None] = {"draft_year": 2011, "draft_round": 3, "draft_pick": 18, "draft_team": "LV"}
YEAR_ONLY: dict[str, int | str | None] = {"draft_year": 2011}
UNKNOWN = ("selection not on record", Entry("No selection on record", f"{LEAGUE}The draft file begins with the class of 1980."))
IN_2011 = "Selected in 2011"
NOT_SELECTED = Entry(
    "Not selected", f"Selected neither in the regular draft nor in a supplemental one. {LEAGUE}Career values exist for selections only."
)


@pytest.mark.parametrize(
    ("row", "fact", "text"),
    [
        (career("undrafted"), "not selected", NOT_SELECTED),
        (career("unlisted"), *UNKNOWN),
        (career("supplemental"), *UNKNOWN),
        (career("regular"), *UNKNOWN),
        (career("unlisted", **YEAR_ONLY), "selected in 2011", Entry(IN_2011, LEAGUE + NO_VALUE)),
        (career("regular", **YEAR_ONLY), "selected in 2011", Entry(IN_2011, LEAGUE + NO_VALUE)),
        (
            career("unlisted", **WHOLE),
            "selected in 2011, round 3",
            Entry(IN_2011, f"Selected as pick 18, in the 3rd round, by the Oakland Raiders. {LEAGUE}{NO_VALUE}"),
        ),
        (
            career("supplemental", **WHOLE),
            "supplemental draft of 2011, round 3",
            Entry(
                "Supplemental draft of 2011",
                f"Chosen by the Oakland Raiders in the 3rd round of the supplemental draft. {LEAGUE}{NO_FILE}",
            ),
        ),
        (
            career("supplemental", **YEAR_ONLY),
            "supplemental draft of 2011",
            Entry("Supplemental draft of 2011", f"Chosen in the supplemental draft. {LEAGUE}{NO_FILE}"),
        ),
    ],
)
def test_what_is_not_recorded_is_left_out(row: Row, fact: str, text: Entry) -> None:
    assert entry_facts(row) == [fact, "in the league 2011 to 2018"]
    assert entry(row, REFERENCES, 1980) == text


def test_seasons_in_the_league() -> None:
    assert entry_facts(career("undrafted", last_season=2011)) == ["not selected", "in the league in 2011"]
    assert entry_facts(career("undrafted", last_season=None)) == ["not selected"]
    assert "On record in the league: 2011. " in entry(career("undrafted", last_season=2011), REFERENCES, 1980).text
    assert entry(career("unlisted", last_season=None), REFERENCES, None).text == "No draft file is loaded."
    assert entry_facts(None) == ["not selected"]
