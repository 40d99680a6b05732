"""The made-up draft_picks file: the later the selection, the shorter and poorer the career."""

from typing import Final

import polars as pl

from pipeline.sources.sample import figures
from pipeline.sources.sample.draws import Draws
from pipeline.sources.sample.league import person_keys
from pipeline.sources.sample.players import role_column

_FROM_THEN_ON: Final = figures.FINE_POSITIONS_FROM
#: Selection (as if the class had the usual size) from which on a career is wholly a matter of luck.
_ALL_LUCK: Final = 130
#: Longest career, and the career value that goes with one year of it.
_LONGEST: Final = 17
_VALUE_PER_YEAR: Final = 6


def with_ids(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Add whether the player ever played, and the league's only id; older players without a game have none, as in real life."""
    played = _played(frame, draws)
    per_mille = pl.select(pl.when(pl.lit(frame["season"]) < 2010).then(1_000).when(pl.lit(frame["season"]) < 2015).then(100).otherwise(10))
    forgotten = ~played & (frame["season"] < figures.LAST_SEASON) & draws.chance("no id", per_mille.to_series())
    return frame.with_columns(played=played, pfr_player_id=pl.when(~forgotten).then("person_code"))


def with_careers(selections: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add position and every outcome column: null for players who never played, 0 for those who played and had none."""
    draws = Draws(seed, person_keys(selections["season"], selections["slot"]))
    age = 20 + draws.below("age", 3) + draws.below("age too", 3)
    frame = selections.with_columns(
        age=pl.when(pl.col("pfr_player_id").is_not_null()).then(age),
        full_value=_career_value(selections, draws),
        **position_columns(selections["role"], selections["season"]),
    )
    frame = _with_years(frame, draws)
    frame = _with_honours(frame, draws)
    return _with_statistics(frame, draws)


def _played(frame: pl.DataFrame, draws: Draws) -> pl.Series:
    """Return False for the newest class and, more often the later the pick, for players who never made it into a game."""
    value, season = frame["value"], frame["season"]
    absent_per_mille = ((value - 20) * 3 // 2).clip(0, 600)
    modern = pl.select(pl.when(pl.lit(season) >= 2015).then(absent_per_mille // 3).otherwise(absent_per_mille)).to_series()
    return (~draws.chance("never played", modern)) & (season <= figures.LAST_PLAYED)


def _career_value(frame: pl.DataFrame, draws: Draws) -> pl.Series:
    """Return the career value of a finished career: it falls with the pick; for late ones it is mostly luck."""
    value = frame["value"]
    mean = (371_500 // (60 + value) - 440).clip(500, 10_000)  # hundredths
    first, second = draws.exponential("career"), draws.exponential("career too")
    even = (first + second) // 2
    uneven = first * first // 2_000
    luck = value.clip(0, _ALL_LUCK)
    factor = (even * (_ALL_LUCK - luck) + uneven * luck) // _ALL_LUCK
    return (mean * factor // 100_000).clip(0, 185)


def _with_years(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Add years, games and starts; an unfinished career has a proportional share of the value."""
    possible = figures.LAST_PLAYED - pl.col("season") + 1
    wanted = (1 + pl.col("full_value") // _VALUE_PER_YEAR + draws.below("more years", 4)).clip(1, _LONGEST)
    frame = frame.with_columns(wanted=wanted).with_columns(years=pl.min_horizontal("wanted", possible).clip(0, _LONGEST))
    frame = frame.with_columns(w_av=pl.col("full_value") * pl.col("years") // pl.col("wanted"))
    per_year = pl.col("w_av") // pl.col("years").clip(1, None)
    games_a_year = (7 + per_year + draws.below("games", 5)).clip(1, 17)
    started = ((pl.col("w_av") * 10 + draws.below("starts", 40)) // 55).clip(0, pl.col("years"))
    stayed = 700 + draws.below("stayed", 301)
    frame = frame.with_columns(
        games=(pl.col("years") * games_a_year).clip(1, 380),
        to=pl.col("season") + pl.col("years") - 1,
        seasons_started=started,
        dr_av=pl.when(~draws.chance("left at once", 90)).then(pl.col("w_av") * stayed // 1_000),
    )
    played = pl.col("played")
    return frame.with_columns(
        *(pl.when(played).then(column).alias(column) for column in ("games", "to", "w_av", "dr_av")),
        seasons_started=pl.when(played).then("seasons_started").otherwise(0),
    )


def _with_honours(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Add All-pros, Pro Bowls and the Hall of Fame for the best players; never null."""
    worth = pl.col("w_av").fill_null(0)
    specialist = pl.col("position").is_in(["K", "P", "LS"])
    probowls = ((worth - 38 + draws.below("pro bowls", 24)) // 14).clip(0, 13)
    frame = frame.with_columns(probowls=pl.when(specialist).then(pl.min_horizontal(probowls, 4)).otherwise(probowls))
    allpro = ((worth - 62 + draws.below("all pro", 30)) // 22).clip(0, 8)
    retired = pl.col("to").fill_null(figures.LAST_PLAYED) <= figures.LAST_PLAYED - 5
    return frame.with_columns(
        allpro=pl.min_horizontal(allpro, "probowls"),
        hof=retired & (worth >= 100) & (pl.col("probowls") >= 3) & pl.Series(draws.chance("hall of fame", 700)),
    )


def _with_statistics(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Derive counting statistics from career value and role, each with a random factor between 0.7 and 1.3."""
    worth = frame["w_av"].fill_null(0) + 1

    def counted(statistic: str) -> pl.Series:
        return worth * role_column(frame["role"], statistic) * (700 + draws.below(statistic, 601)) // 100_000

    def share(of: pl.Series, label: str, low: int, high: int) -> pl.Series:
        """Return between ``low`` and ``high`` thousandths of a column."""
        return of * (low + draws.below(label, high - low + 1)) // 1_000

    passes, rushes, catches = counted("passes"), counted("rushes"), counted("receptions")
    completions = share(passes, "completions", 540, 670)
    offence = {
        "pass_completions": completions,
        "pass_attempts": passes,
        "pass_yards": share(completions, "pass yards", 10_500, 12_500),
        "pass_tds": share(passes, "pass touchdowns", 28, 55),
        "pass_ints": share(passes, "interceptions thrown", 18, 40),
        "rush_atts": rushes,
        "rush_yards": rushes * role_column(frame["role"], "rush_yards") // 100 * (850 + draws.below("rush yards", 301)) // 1_000,
        "rush_tds": share(rushes, "rush touchdowns", 15, 45),
        "receptions": catches,
        "rec_yards": catches * role_column(frame["role"], "catch_yards") // 100 * (850 + draws.below("catch yards", 301)) // 1_000,
        "rec_tds": share(catches, "catch touchdowns", 40, 100),
    }
    # the real file leaves a defensive statistic empty where it is none
    tackles, interceptions, half_sacks = counted("tackles"), counted("interceptions"), counted("sacks") * 2 + draws.below("half sack", 2)
    sacks = pl.Series("def_sacks", half_sacks).cast(pl.Float64) / 2
    has_sacks = (role_column(frame["role"], "sacks") > 0) & (half_sacks > 0)
    played = pl.col("played")
    return frame.with_columns(
        *(pl.when(played).then(values).alias(name) for name, values in offence.items()),
        def_solo_tackles=pl.when(played & (tackles > 0)).then(tackles),
        def_ints=pl.when(played & (interceptions > 0)).then(interceptions),
        def_sacks=pl.when(played & has_sacks).then(sacks),
    )


def position_columns(role: pl.Series, season: pl.Series) -> dict[str, pl.Series]:
    """Return code, category and side as the draft file of that season writes them."""
    code = pl.select(pl.when(pl.lit(season) >= _FROM_THEN_ON).then(role_column(role, "late")).otherwise(role_column(role, "early")))
    return {"position": code.to_series(), **{name: role_column(role, name) for name in ("category", "side")}}
