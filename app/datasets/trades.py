"""Trades since 2002, a row per leg: one pick or one player that one franchise gave to another. A trade may have three franchises."""

from app.datasets.model import Dataset, Field, Filter, Gates
from app.datasets.shared import LICENCE, nflverse_team

_FIELDS = (
    Field("trade_id", "integer", "number of the trade", low=1, example=503, required_by="the key"),
    Field("season", "integer", "season in which the trade was made", low=1980, high=2100, example=2012, required_by="the franchises"),
    Field("trade_date", "date", "day of the trade", example="2012-03-14", stable=True),
    Field("gave", "text", "team code as recorded of the team that gave", example="WAS", required_by="the franchise", stable=True),
    Field("received", "text", "team code as recorded of the team that received", example="STL", required_by="the franchise", stable=True),
    Field("pick_season", "integer", "draft class of the pick; null for a player", low=1980, high=2100, example=2012),
    Field("pick_round", "smallint", "round of the pick, when known", low=1, high=12, example=1),
    Field("pick_number", "integer", "overall number of the pick, when known", low=1, high=500, example=6),
    Field("conditional", "boolean", "whether the pick depended on a condition; null for a player", example=False),
    Field("pfr_id", "text", "Pro-Football-Reference id of the player, or of the player selected with the pick", example="ClaiMo00"),
    Field("pfr_name", "text", "name of the player, or of the player selected with the pick", example="Morris Claiborne"),
)

TRADES = Dataset(
    name="trades",
    title="trades",
    rows="trade legs",
    about="What franchises gave each other since 2002, a row per pick or player; no source says who owns the picks to come.",
    table="trade_leg",
    fields=_FIELDS,
    computed=(
        Field("leg", "integer", "number of the leg within the trade", low=1, example=1, required_by="the key"),
        Field("gave_franchise_id", "smallint", "the franchise that gave", required_by="lists by franchise"),
        Field("received_franchise_id", "smallint", "the franchise that received", required_by="lists by franchise"),
        Field("person_id", "integer", "the player as a person, see /people/{person_id}; null when the id belongs to no known person"),
    ),
    joined=(
        Field("gave_franchise", "text", "today's code of the franchise that gave", example="WAS", origin="gave_franchise.code"),
        Field("received_franchise", "text", "today's code of the franchise that received", example="LAR", origin="received_franchise.code"),
        nflverse_team("gave_nflverse.code", "gave_", "WAS"),
        nflverse_team("received_nflverse.code", "received_"),
    ),
    key=("trade_id", "leg"),
    season="season",
    gates=Gates(
        telling=("trade_id", "gave", "received", "pick_season", "pick_round", "pick_number", "pfr_id"),
        shrink_warns=0.0,
        shrink_fails=0.05,
        growth_fails=0.25,
        first_season=2002,
        last_season_at_least=2020,
        min_rows_per_season=100,
        max_rows_per_season=2_000,
    ),
    filters=(
        Filter("trade_id", "identifier", "Number of the trade.", example=503),
        Filter("season", "season", "Season in which the trade was made.", example=2012),
        Filter("season_min", "season", "Earliest season."),
        Filter("season_max", "season", "Latest season."),
        Filter("trade_date_min", "day", "First day, such as the first of a draft.", example="2012-04-26"),
        Filter("trade_date_max", "day", "Last day.", example="2012-04-28"),
        Filter("franchise", "franchise", "Franchise on either side, by code, slug or name.", example="rams", year_from=("season",)),
        Filter("gave", "franchise", "Franchise that gave.", field="gave_franchise_id", year_from=("season",)),
        Filter("received", "franchise", "Franchise that received.", field="received_franchise_id", year_from=("season",)),
        Filter("pick_season", "season", "Draft class of the pick."),
        Filter("pick_round", "count", "Round of the pick."),
        Filter("pick_number", "count", "Overall number of the pick."),
        Filter("conditional", "flag", "Whether the pick depended on a condition."),
        Filter(
            "person_id", "identifier", "ID of the player, or of the player selected with the pick. A former ID means the person of today."
        ),
        Filter(
            "q",
            "search",
            "Beginnings of words of the name of the player, or of the player selected with the pick.",
            example="griffin",
        ),
        Filter("name", "name", "Whole name of the player, or of the player selected with the pick.", example="Julio Jones"),
    ),
    command_fields=(*("trade_id", "leg", "trade_date", "gave", "received", "pick_season", "pick_round", "pick_number"), "pfr_name"),
    source="nflverse, Lee Sharpe",
    licence=LICENCE,
    file_stem="trades",
    release_path="trades/trades",
)
