"""Everyone with a record in the league since 1974, drafted or not: birth date, ids, college, seasons, and how he was selected."""

from __future__ import annotations

from app.datasets.model import Dataset, Field, Filter, Gates, People
from app.datasets.shared import COLLEGE_ID, LICENCE, PERSON_ID, college_fields, person_filters, position_fields

#: How a player came into the league. The number of a ``supplemental`` selection counts within its round and is another player's slot;
#: an ``unlisted`` one is not found in the draft file, which may lack its class.
SELECTIONS = ("regular", "supplemental", "unlisted", "undrafted")

_FIELDS = (
    Field("gsis_id", "text", "GSIS id, or the ESB id of a player without one", example="00-0036442", required_by="the key"),
    Field("display_name", "text", "name as recorded", example="Joe Burrow", required_by="identity", stable=True),
    Field("common_first_name", "text", "first name in use", example="Joe"),
    Field("first_name", "text", "first name", example="Joseph"),
    Field("last_name", "text", "last name", example="Burrow", stable=True),
    Field("short_name", "text", "initial and last name", example="J.Burrow"),
    Field("football_name", "text", "first name on the field", example="Joe"),
    Field("suffix", "text", "generation", example="Jr."),
    Field("esb_id", "text", "ESB id", example="BUR684876", stable=True),
    Field("nfl_id", "text", "id of the NFL's player tracking", example="52409"),
    Field("pfr_id", "text", "Pro-Football-Reference id", example="BurrJo01", stable=True),
    Field("pff_id", "text", "Pro Football Focus id", example="28022"),
    Field("otc_id", "text", "Over the Cap id", example="8741"),
    Field("espn_id", "text", "ESPN id", example="3915511"),
    Field("smart_id", "text", "the NFL's long id"),
    Field("birth_date", "date", "date of birth", example="1996-12-10", stable=True),
    Field("position_group", "text", "position group as recorded", example="QB"),
    Field("position", "text", "position code as recorded", example="QB", required_by="the position group", stable=True),
    Field("ngs_position_group", "text", "position group of the player tracking"),
    Field("ngs_position", "text", "position of the player tracking"),
    Field("height", "smallint", "height in inches", unit="in", low=60, high=84, example=76),
    Field("weight", "smallint", "weight in pounds", unit="lb", low=130, high=460, example=215),
    Field("headshot", "text", "URL of a portrait"),
    Field("college_name", "text", "colleges as recorded, the last one first", example="LSU; Ohio State", stable=True),
    Field("college_conference", "text", "conference of the college, known for a quarter", example="Southeastern Conference"),
    Field("jersey_number", "text", "number on the jersey", example="9"),
    Field("rookie_season", "integer", "first season in the league", low=1920, high=2100, example=2020, required_by="lists by season"),
    Field("last_season", "integer", "last season in the league", low=1920, high=2100, example=2025),
    Field("latest_team", "text", "latest team, by its code of today", example="CIN"),
    Field("status", "text", "roster status as recorded", example="ACT"),
    Field("ngs_status", "text", "roster status of the player tracking"),
    Field("ngs_status_short_description", "text", "the same in words"),
    Field("years_of_experience", "smallint", "seasons in the league as recorded", low=0, high=40, example=6),
    Field("pff_position", "text", "position by Pro Football Focus"),
    Field("pff_status", "text", "status by Pro Football Focus"),
    Field("draft_year", "integer", "draft class as recorded; null for the undrafted", low=1936, high=2100, example=2020),
    Field("draft_round", "smallint", "round as recorded", low=1, high=30, example=1),
    Field("draft_pick", "integer", "number as recorded; within the round for a supplemental selection", low=1, high=500, example=1),
    Field("draft_team", "text", "team that selected him, by its code of today", example="CIN"),
)

PLAYERS = Dataset(
    name="players",
    title="players",
    rows="players",
    about="Everyone with a record in the league since 1974, drafted or not.",
    table="player",
    fields=_FIELDS,
    computed=(
        COLLEGE_ID,
        PERSON_ID,
        Field(
            "selection",
            "text",
            "regular, supplemental, unlisted (not found in the draft file, which lacks older classes) or undrafted",
            example="regular",
            required_by="lists of careers",
        ),
        Field("draft_age_years", "smallint", "whole years of age on the first day of the draft", unit="years", example=23),
        Field("draft_age_days", "integer", "days of age on the first day of the draft; known since 2000", unit="days", example=8535),
    ),
    joined=(
        *position_fields("QB", "QB", "O")[::2],
        Field("college", "text", "canonical name of the college attended last", example="LSU", origin="college.name"),
        *college_fields("LSU", "lsu")[1:],
        Field(
            "name", "text", "the same as display_name", example="Joe Burrow", origin="display_name", required_by="identity", exported=False
        ),
    ),
    key=("gsis_id",),
    people=People("display_name", "position", (("gsis", "gsis_id"), ("esb", "esb_id"), ("pfr", "pfr_id"))),
    gates=Gates(telling=("gsis_id",), min_rows=15_000, shrink_warns=0.0, shrink_fails=0.005),
    filters=(
        Filter("selection", "choice", "How he came into the league.", example="undrafted", choices=SELECTIONS),
        Filter("draft_year", "season", "Draft class as recorded.", example=2020),
        Filter("draft_year_min", "season", "Earliest draft class."),
        Filter("draft_year_max", "season", "Latest draft class."),
        Filter("rookie_season", "season", "First season in the league."),
        Filter("rookie_season_min", "season", "Earliest first season."),
        Filter("rookie_season_max", "season", "Latest first season."),
        Filter("last_season_min", "season", "Earliest last season."),
        Filter("last_season_max", "season", "Latest last season."),
        Filter("college_conference", "exact", "Conference as recorded.", example="Southeastern Conference"),
        *person_filters("The player as a person.", name="romo", position="RB", college="lsu"),
        Filter("gsis_id", "exact", "GSIS id.", example="00-0036442"),
        Filter("pfr_id", "exact", "Pro-Football-Reference id.", example="BurrJo01"),
        Filter("espn_id", "exact", "ESPN id."),
        Filter("pff_id", "exact", "Pro Football Focus id."),
        Filter("otc_id", "exact", "Over the Cap id."),
    ),
    page_fields=(
        *("person_id", "name", "position", "position_leaf", "position_group", "college", "college_slug", "college_conference"),
        *("birth_date", "rookie_season", "last_season", "selection", "draft_year", "draft_round", "draft_pick", "draft_team"),
        *("draft_age_years", "draft_age_days", "latest_team", "gsis_id", "esb_id", "pfr_id", "espn_id", "pff_id", "otc_id"),
    ),
    command_fields=(
        *("name", "position", "college", "birth_date", "rookie_season", "last_season", "selection", "draft_year", "draft_round"),
        *("draft_pick", "draft_age_days", "person_id"),
    ),
    sort=("name",),
    source="nflverse",
    licence=LICENCE,
    file_stem="players",
    release_path="players/players",
)
