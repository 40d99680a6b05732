"""Measurements at the scouting combine since 2000. Times are in seconds, lengths in inches, weights in pounds."""

from __future__ import annotations

from app.datasets.model import Dataset, Field, Filter, Gates, People
from app.datasets.shared import COLLEGE_ID, LICENCE, NFLVERSE, PERSON_ID, college_fields, nflverse_team, person_filters, position_fields

#: Measurements in the order in which people list them.
DRILLS = ("height_in", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle")

_FIELDS = (
    Field("season", "integer", "year of the combine", low=1980, high=2100, example=2019, required_by="the key"),
    Field("draft_year", "integer", "draft class, when drafted", low=1980, high=2100, example=2019),
    Field("draft_team", "text", "team that drafted him, as recorded", example="Seattle Seahawks"),
    Field("draft_round", "smallint", "round, when drafted", low=1, high=12, example=2),
    Field("draft_ovr", "integer", "overall number, when drafted", low=1, example=64, stable=True),
    Field("pfr_id", "text", "Pro-Football-Reference id", stable=True),
    Field("cfb_id", "text", "college-football reference id"),
    Field("player_name", "text", "name as recorded", required_by="identity", stable=True),
    Field("pos", "text", "position code as recorded", example="WR", required_by="the position group", stable=True),
    Field("school", "text", "college as recorded", example="Mississippi", stable=True),
    Field("ht", "text", "height as recorded, feet-inches", example="6-3", stable=True),
    Field("wt", "smallint", "weight in pounds", unit="lb", low=130, high=420, example=228, stable=True),
    Field("forty", "number", "40 yards in seconds", unit="s", low=4.0, high=6.5, example=4.33),
    Field("bench", "smallint", "bench press repetitions at 225 lb", unit="reps", low=0, high=60, example=27),
    Field("vertical", "number", "vertical jump in inches", unit="in", low=12, high=50, example=40.5),
    Field("broad_jump", "smallint", "broad jump in inches", unit="in", low=60, high=155, example=134),
    Field("cone", "number", "three-cone drill in seconds", unit="s", low=6, high=10, example=7.38),
    Field("shuttle", "number", "20-yard shuttle in seconds", unit="s", low=3.4, high=6, example=4.5),
)

_FILTERS = (
    Filter("season", "season", "Year of the combine.", example=2019),
    Filter("season_min", "season", "Earliest combine."),
    Filter("season_max", "season", "Latest combine."),
    Filter("draft_year", "season", "Draft class, as recorded with the entry."),
    Filter("drafted", "flag", "Whether the person was selected in a draft."),
    Filter(
        "franchise",
        "franchise",
        "Franchise that drafted the person, by today's code, slug, name, or a historic code. "
        "With `draft_year` or `season`, the code as used in that year.",
        example="bengals",
        year_from=("draft_year", "season"),
    ),
    *person_filters("The person measured.", name="metcalf", position="WR", college="ohio-state"),
    Filter("height_min", "measure", "Minimum height in inches.", example=75, field="height_in"),
    Filter("height_max", "measure", "Maximum height in inches.", field="height_in"),
    Filter("weight_min", "measure", "Minimum weight in pounds.", field="wt"),
    Filter("weight_max", "measure", "Maximum weight in pounds.", field="wt"),
    Filter("forty_min", "measure", "Minimum 40-yard dash time in seconds."),
    Filter("forty_max", "measure", "Maximum 40-yard dash time in seconds.", example=4.4),
    Filter("bench_min", "measure", "Minimum bench press repetitions."),
    Filter("bench_max", "measure", "Maximum bench press repetitions."),
    Filter("vertical_min", "measure", "Minimum vertical jump in inches."),
    Filter("vertical_max", "measure", "Maximum vertical jump in inches."),
    Filter("broad_jump_min", "measure", "Minimum broad jump in inches."),
    Filter("broad_jump_max", "measure", "Maximum broad jump in inches."),
    Filter("cone_min", "measure", "Minimum three-cone drill time in seconds."),
    Filter("cone_max", "measure", "Maximum three-cone drill time in seconds."),
    Filter("shuttle_min", "measure", "Minimum shuttle time in seconds."),
    Filter("shuttle_max", "measure", "Maximum shuttle time in seconds."),
)

#: Height is text (``6-2``) in the source; these bounds apply to the inches made of it.
HEIGHT_IN = Field("height_in", "smallint", "height in inches", unit="in", low=60, high=84, example=75)

COMBINE = Dataset(
    name="combine",
    title="combine results",
    rows="combine entries",
    about="Measurements at the scouting combine; no source has arm length, hand size or pro days.",
    table="combine_entry",
    fields=_FIELDS,
    computed=(HEIGHT_IN, PERSON_ID, COLLEGE_ID),
    joined=(
        Field(
            "franchise",
            "text",
            "today's code of the franchise that drafted the person, by the linked pick",
            example="SEA",
            origin="team.franchise",
        ),
        nflverse_team("team.nflverse_team", example="SEA"),
        *position_fields("WR", "WR", "O"),
        *college_fields("Mississippi", "mississippi"),
        Field("name", "text", "the same as player_name", example="D.K. Metcalf", origin="player_name", required_by="identity"),
    ),
    key=("season", "person_id"),
    shows=("draft_picks",),
    season="season",
    people=People("player_name", "pos", (("pfr", "pfr_id"), ("cfb", "cfb_id"))),
    gates=Gates(
        telling=("season", "player_name", "wt"),
        shrink_warns=0.01,
        shrink_fails=0.05,
        growth_fails=0.10,
        first_season=2000,
        last_season_at_least=2020,
        min_rows_per_season=250,
        max_rows_per_season=700,
        contiguous=True,
    ),
    filters=_FILTERS,
    page_fields=(
        *("season", "person_id", "name", "pos", "position_leaf", "position_group", "school", "college_slug", "ht", "height_in", "wt"),
        *("forty", "bench", "vertical", "broad_jump", "cone", "shuttle", "draft_year", "draft_round", "draft_ovr", "draft_team"),
        *("franchise", "nflverse_team"),
    ),
    command_fields=(
        *("season", "player_name", "pos", "school", "ht", "wt", "forty", "bench", "vertical", "broad_jump", "cone", "shuttle"),
        *("draft_ovr", "person_id"),
    ),
    source=NFLVERSE,
    licence=LICENCE,
    file_stem="combine",
    release_path="combine/combine",
    expected=True,
)
