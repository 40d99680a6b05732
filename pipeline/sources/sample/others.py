"""The made-up files around a league: its players with their careers, its trades, and charts of what a pick is worth."""

from typing import Final

import polars as pl

from app.datasets.draft_days import FIRST_DAYS
from pipeline.reference.catalog import franchise_frame
from pipeline.sources.sample import combine, figures, picks
from pipeline.sources.sample.draws import Draws
from pipeline.sources.sample.league import person_keys

#: Of a thousand undrafted participants, those who find a team, and of these those who were selected in a supplemental draft.
_SIGNED, _SUPPLEMENTAL = 400, 25
#: The first season whose trades are recorded.
_FIRST_TRADES: Final = 2002
#: Trades per thousand of which one side is not recorded, and picks per thousand that depend on a condition.
_ONE_SIDED, _CONDITIONAL = 60, 80
_ROUNDS: Final = 7
#: Picks on the charts; the worth of the first one in hundredths, and the pick that is worth half of it.
_CHARTED: Final = 262
_CHARTS: Final = {"stuart": (3_460, 40), "johnson": (300_000, 12), "hill": (100_000, 20), "otc": (300_000, 60), "pff": (114, 80)}


def players(selected: pl.DataFrame, entries: int, seed: int) -> pl.DataFrame:
    """Return selections of all but the newest class that have an id, and undrafted participants of the combine who found a team."""
    drafted = picks.with_careers(selected.filter(pl.col("pfr_player_id").is_not_null()), seed).with_columns(
        draft_year="season", draft_round="round", draft_pick="pick", pfr_id="pfr_player_id", last=pl.coalesce("to", "season")
    )
    frame = pl.concat([drafted, _undrafted(combine.invited(selected, entries, seed), seed)], how="diagonal")
    frame = frame.filter(pl.col("season") < figures.LAST_SEASON)
    draws = Draws(seed, person_keys(frame["season"], frame["slot"]))
    frame = frame.with_columns(
        # the same draws as the age in the file of draft picks
        born=frame["season"] - 20 - draws.below("age", 3) - draws.below("age too", 3),
        month=draws.below("birth month", 12) + 1,
        day=draws.below("birth day", 28) + 1,
    )
    franchise = franchise_frame().select("team", pl.col("season").cast(pl.Int64), "franchise")
    return frame.join(franchise, on=["team", "season"], how="left", maintain_order="left").select(
        gsis_id=pl.format("Gs-{}", "person_code"),
        display_name="name",
        last_name=pl.col("name").str.split(" ").list.get(1),
        pfr_id="pfr_id",
        birth_date=pl.date("born", "month", "day"),
        position=picks.position_columns(frame["role"], frame["season"])["position"],
        college_name="college",
        rookie_season="season",
        last_season="last",
        years_of_experience=pl.col("last") - pl.col("season") + 1,
        draft_year="draft_year",
        draft_round="draft_round",
        draft_pick="draft_pick",
        draft_team="franchise",
    )


def _undrafted(invited: pl.DataFrame, seed: int) -> pl.DataFrame:
    frame = invited.filter(pl.col("pick").is_null())
    draws = Draws(seed, person_keys(frame["season"], frame["slot"]))
    is_supplemental = pl.Series(draws.chance("supplemental", _SUPPLEMENTAL))
    years = draws.exponential("career") // 400
    # the number of a supplemental selection counts within its round, and is another player's slot
    return frame.with_columns(
        pfr_id="person_code",
        last=(pl.col("season") + years).clip(None, figures.LAST_PLAYED),
        draft_year=pl.when(is_supplemental).then("season"),
        draft_round=pl.when(is_supplemental).then(draws.below("supplemental round", _ROUNDS) + 1),
        draft_pick=pl.when(is_supplemental).then(pl.lit(1, pl.Int64)),
    ).filter(draws.chance("signed", _SIGNED))


def trades(selected: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return what two teams of a season gave each other: picks that changed hands, and a later pick for a side that would give none."""
    moved = selected.filter((pl.col("team") != pl.col("first_owner")) & (pl.col("season") >= _FIRST_TRADES)).select(
        "season", "pick", "round", "pfr_player_id", "name", gave="first_owner", received="team"
    )
    teams = pl.concat_list("gave", "received").list.sort().list.join("/")
    moved = moved.with_columns(teams=teams).sort("season", "teams", "pick")
    moved = moved.with_columns(trade_id=pl.struct("season", "teams").rle_id().cast(pl.Int64) + 1)
    gifts = moved.group_by("trade_id", maintain_order=True).agg(
        pl.col("season", "gave", "received").first(), pl.col("round").min(), sides=pl.col("gave").n_unique()
    )
    draws = Draws(seed, gifts["trade_id"])
    returned = gifts.filter((pl.col("sides") == 1) & ~pl.Series(draws.chance("one-sided", _ONE_SIDED)))
    draws = Draws(seed, returned["trade_id"])
    legs = [
        moved.with_columns(pick_season="season", conditional=False).rename(
            {"round": "pick_round", "pick": "pick_number", "pfr_player_id": "pfr_id", "name": "pfr_name"}
        ),
        returned.with_columns(
            gave="received",
            received="gave",
            pick_season=pl.col("season") + 1,
            pick_round=(pl.col("round") + 1).clip(None, _ROUNDS),
            conditional=draws.chance("conditional", _CONDITIONAL),
        ),
    ]
    days = pl.DataFrame(list(FIRST_DAYS.items()), schema={"season": pl.Int64, "trade_date": pl.Date}, orient="row")
    frame = pl.concat(legs, how="diagonal").sort("trade_id", maintain_order=True).join(days, on="season", how="left", maintain_order="left")
    drafting, trading = franchise_frame(), franchise_frame("nfl")
    codes = (
        drafting.join(trading, on=["season", "franchise_id"], suffix="_code")
        .select("team", "team_code", pl.col("season").cast(pl.Int64))
        .unique(["team", "season"], keep="last", maintain_order=True)
    )
    for side in ("gave", "received"):
        named = codes.rename({"team": side, "team_code": f"{side}_code"})
        frame = frame.join(named, on=[side, "season"], how="left", maintain_order="left").with_columns(pl.col(f"{side}_code").alias(side))
    return frame


def pick_values() -> pl.DataFrame:
    """Make charts that fall as the published ones do; the same for every league."""
    picks_charted = range(1, _CHARTED + 1)
    charts = {name: [first * half // (half + pick - 1) / 100 for pick in picks_charted] for name, (first, half) in _CHARTS.items()}
    return pl.DataFrame({"pick": picks_charted, **charts})
