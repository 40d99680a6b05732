"""How drills, positions, ids, open questions and ways into the league are called on a page."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from app.web.formatting import feet, number, plural


class Drill(NamedTuple):
    """How a drill is called and its value written."""

    label: str
    text: Callable[[float], str]


DRILL_TEXTS: dict[str, Drill] = {
    "height_in": Drill("Height", lambda value: feet(int(value))),
    "wt": Drill("Weight", lambda value: f"{value:.0f} lb"),
    "forty": Drill("40-yard dash", lambda value: f"{value:.2f} s"),
    "bench": Drill("Bench press", lambda value: plural(int(value), "rep")),
    "vertical": Drill("Vertical jump", lambda value: f"{number(value, 1)} in"),
    "broad_jump": Drill("Broad jump", lambda value: feet(int(value))),
    "cone": Drill("3-cone drill", lambda value: f"{value:.2f} s"),
    "shuttle": Drill("20-yard shuttle", lambda value: f"{value:.2f} s"),
}

#: Position leaves and groups in words, singular and plural.
POSITION_NAMES = {
    "QB": ("Quarterback", "quarterbacks"),
    "RB": ("Running back", "running backs"),
    "FB": ("Fullback", "fullbacks"),
    "WR": ("Wide receiver", "wide receivers"),
    "TE": ("Tight end", "tight ends"),
    "C": ("Center", "centers"),
    "OG": ("Offensive guard", "offensive guards"),
    "OT": ("Offensive tackle", "offensive tackles"),
    "OL": ("Offensive lineman", "offensive linemen"),
    "DE": ("Defensive end", "defensive ends"),
    "DT": ("Defensive tackle", "defensive tackles"),
    "NT": ("Nose tackle", "nose tackles"),
    "EDGE": ("Edge rusher", "edge rushers"),
    "DL": ("Defensive lineman", "defensive linemen"),
    "ILB": ("Inside linebacker", "inside linebackers"),
    "OLB": ("Outside linebacker", "outside linebackers"),
    "LB": ("Linebacker", "linebackers"),
    "CB": ("Cornerback", "cornerbacks"),
    "S": ("Safety", "safeties"),
    "DB": ("Defensive back", "defensive backs"),
    "K": ("Kicker", "kickers"),
    "P": ("Punter", "punters"),
    "LS": ("Long snapper", "long snappers"),
    "KR": ("Kick returner", "kick returners"),
    "ST": ("Specialist", "specialists"),
}

GROUP_NAMES = {
    "QB": "Quarterbacks",
    "RB": "Running backs",
    "WR": "Receivers",
    "TE": "Tight ends",
    "OL": "Offensive line",
    "DL": "Defensive line",
    "LB": "Linebackers",
    "DB": "Defensive backs",
    "ST": "Specialists",
}

#: The charts of pick values.
CHART_NAMES = {"stuart": "Stuart", "johnson": "Johnson", "hill": "Hill", "otc": "Over the Cap", "pff": "PFF"}
ID_NAMES = {"gsis": "NFL (GSIS)", "esb": "NFL (ESB)", "pfr": "Pro-Football-Reference", "cfb": "College football reference"}
#: Ids that only the file of players has.
CAREER_IDS = {"espn_id": "ESPN", "pff_id": "Pro Football Focus", "otc_id": "Over the Cap"}
#: What two records can both lay claim to.
CLAIMS = {
    "gsis": "the NFL id (GSIS)",
    "esb": "the NFL id (ESB)",
    "pfr": "the Pro-Football-Reference id",
    "cfb": "the college football reference id",
    "slot": "the draft slot",
    "name": "the name",
}


def position_name(leaf: str | None, *, many: bool = False) -> str:
    """Name a position or group: ``QB`` → ``Quarterback``; an unknown code stays as it is."""
    if leaf is None:
        return "players" if many else "Position not recorded"
    return POSITION_NAMES.get(leaf, (leaf, f"{leaf} players"))[1 if many else 0]


def entry_facts(career: Mapping[str, object] | None) -> list[str]:
    """Describe how a player without a selection in the draft file entered the league, and how long he stayed."""
    if career is None:
        return ["not selected"]
    year, round_ = career["draft_year"], career["draft_round"]
    if career["selection"] == "undrafted":
        entered = "not selected"
    elif year is None:
        entered = "selection not on record"
    else:
        entered = f"{'supplemental draft of' if career['selection'] == 'supplemental' else 'selected in'} {year}"
        entered += f", round {round_}" if round_ is not None else ""
    seasons = seasons_in_league(career)
    preposition = "in " if career["rookie_season"] == career["last_season"] else ""
    return [entered, *([f"in the league {preposition}{seasons}"] if seasons else [])]


def seasons_in_league(career: Mapping[str, object]) -> str:
    """Write the first and the last season on record; empty without both."""
    first, last = career["rookie_season"], career["last_season"]
    if first is None or last is None:
        return ""
    return str(first) if first == last else f"{first} to {last}"
