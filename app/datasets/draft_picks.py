"""Every selection of the draft since 1980, with what became of it."""

from app.datasets.model import Dataset, Field, Filter, Gates, People
from app.datasets.shared import (
    COLLEGE_ID,
    FRANCHISE_ID,
    LICENCE,
    NFLVERSE,
    PERSON_ID,
    college_fields,
    nflverse_team,
    outcome,
    person_filters,
    position_fields,
)

#: Decides whether an outside linebacker rushed.
SACKS = "def_sacks"

_HONORS, _PASSING, _RUSHING, _RECEIVING, _DEFENSE = "Seasons and honors", "Passing", "Rushing", "Receiving", "Defense"

_FIELDS = (
    Field("season", "integer", "draft class", low=1936, high=2100, example=2020, required_by="the key"),
    Field("round", "smallint", "round, 1 to 12", low=1, high=12, example=1, required_by="lists by round", stable=True),
    Field("pick", "integer", "overall number within the class", low=1, example=1, required_by="the key"),
    Field(
        "team",
        "text",
        "team code as recorded; means a franchise only together with the season",
        example="CIN",
        required_by="the franchise",
        stable=True,
    ),
    Field("gsis_id", "text", "as recorded: a GSIS id or an ESB id", stable=True),
    Field("pfr_player_id", "text", "Pro-Football-Reference id", stable=True),
    Field("cfb_player_id", "text", "college-football reference id"),
    Field("pfr_player_name", "text", "name as recorded", required_by="identity", stable=True),
    Field("hof", "boolean", "in the Hall of Fame", example=False, required_by="lists of Hall of Famers"),
    Field("position", "text", "position code as recorded", example="QB", required_by="the position group", stable=True),
    Field("category", "text", "position category as recorded"),
    Field("side", "text", "side as recorded: O, D or S"),
    Field("college", "text", "college as recorded", example="LSU", stable=True),
    Field(
        "age",
        "smallint",
        "age in the draft year",
        unit="years",
        low=17,
        high=40,
        example=23,
        label="Age at the draft",
        section=_HONORS,
        place=8,
        stable=True,
    ),
    outcome("to", "last season played", "Last season", _HONORS, 1),
    outcome("allpro", "first-team All-Pro selections", "First-team All-Pro", _HONORS, 5),
    outcome("probowls", "Pro Bowls", "Pro Bowls", _HONORS, 4),
    outcome("seasons_started", "seasons as primary starter", "Starter seasons", _HONORS, 3),
    outcome("w_av", "weighted career Approximate Value", "Weighted value", _HONORS, 6),
    # empty in every row of the source, and therefore not on the card
    outcome("car_av", "career Approximate Value; empty in the source", None, None),
    outcome("dr_av", "Approximate Value for the team that drafted him", "Value for first team", _HONORS, 7),
    outcome("games", "games played", "Games", _HONORS, 2),
    outcome("pass_completions", "pass completions", "Completions", _PASSING),
    outcome("pass_attempts", "pass attempts", "Attempts", _PASSING),
    outcome("pass_yards", "pass yards", "Yards", _PASSING),
    outcome("pass_tds", "pass tds", "Touchdowns", _PASSING),
    outcome("pass_ints", "pass ints", "Interceptions", _PASSING),
    outcome("rush_atts", "rush atts", "Attempts", _RUSHING),
    outcome("rush_yards", "rush yards", "Yards", _RUSHING),
    outcome("rush_tds", "rush tds", "Touchdowns", _RUSHING),
    outcome("receptions", "receptions", "Receptions", _RECEIVING),
    outcome("rec_yards", "rec yards", "Yards", _RECEIVING),
    outcome("rec_tds", "rec tds", "Touchdowns", _RECEIVING),
    outcome("def_solo_tackles", "def solo tackles", "Solo tackles", _DEFENSE),
    outcome("def_ints", "def ints", "Interceptions", _DEFENSE),
    Field("def_sacks", "number", "sacks", low=0, high=300, label="Sacks", section=_DEFENSE),
)

_FILTERS = (
    Filter("season", "season", "Draft class.", example=2020),
    Filter("season_min", "season", "Earliest draft class."),
    Filter("season_max", "season", "Latest draft class."),
    Filter("round", "count", "Round; up to 12 before 1993.", example=1),
    Filter("pick", "count", "Overall number within the class."),
    Filter("pick_min", "count", "Lowest overall number."),
    Filter("pick_max", "count", "Highest overall number."),
    Filter(
        "franchise",
        "franchise",
        "Franchise by today's code (`KC`), slug (`chiefs`), name, or a historic code. "
        "With `season`, the code as used in that season. A code that changed hands is refused with the choices.",
        example="bengals",
        year_from=("season",),
    ),
    Filter("team", "text", "Team code exactly as recorded.", example="KAN"),
    *person_filters("The person picked.", name="joe bur", position="QB", college="lsu"),
    Filter("hof", "flag", "In the Hall of Fame."),
)

DRAFT_PICKS = Dataset(
    name="draft_picks",
    title="draft picks",
    rows="selections",
    about="Selections with their outcomes; supplemental ones are among the players.",
    table="draft_pick",
    fields=_FIELDS,
    computed=(FRANCHISE_ID, PERSON_ID, COLLEGE_ID),
    joined=(
        Field("franchise", "text", "today's code of the franchise that made the pick", example="CIN", origin="franchise.code"),
        nflverse_team(example="CIN"),
        *position_fields("QB", "QB", "O"),
        *college_fields("LSU", "lsu"),
        Field("name", "text", "the same as pfr_player_name", example="Joe Burrow", origin="pfr_player_name", required_by="identity"),
    ),
    key=("season", "pick"),
    season="season",
    people=People("pfr_player_name", "position", (("pfr", "pfr_player_id"), ("gsis", "gsis_id"), ("cfb", "cfb_player_id"))),
    gates=Gates(
        telling=("season", "pick"),
        first_season=1980,
        last_season_at_least=2020,
        min_rows_per_season=200,
        max_rows_per_season=400,
        contiguous=True,
    ),
    filters=_FILTERS,
    page_fields=(
        *("season", "round", "pick", "team", "franchise", "nflverse_team", "person_id", "name", "position", "position_leaf"),
        *("position_group", "college"),
        *("college_slug", "age", "hof", "allpro", "probowls", "seasons_started", "games", "w_av", "dr_av", "to"),
    ),
    command_fields=(
        *("season", "round", "pick", "team", "name", "position", "college", "age", "games", "seasons_started", "probowls", "w_av"),
        "person_id",
    ),
    source=NFLVERSE,
    licence=LICENCE,
    file_stem="draft_picks",
    release_path="draft_picks/draft_picks",
    expected=True,
)
