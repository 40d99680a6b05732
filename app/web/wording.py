"""How drills, positions, ids and open questions are called on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.web.formatting import feet, number, plural

if TYPE_CHECKING:
    from collections.abc import Callable


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
