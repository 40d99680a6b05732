"""Who drafts when: the size of each made-up class, the teams of each season, and one row per selection."""

import hashlib
from typing import Final

import polars as pl

from pipeline.reference.catalog import team_eras
from pipeline.sources.sample import figures
from pipeline.sources.sample.draws import Draws
from pipeline.sources.sample.names import COMBINATIONS

#: A small league has fewer classes rather than classes of one.
_SMALLEST_CLASS: Final = 10
#: Selections that were traded to another team, per mille.
_TRADED: Final = 150


def shares(total: int, weights: list[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` without losing one (the rounding is spread over the list)."""
    whole, given, parts = sum(weights), 0, []
    cumulative = 0
    for weight in weights:
        cumulative += weight
        upto = total * cumulative // whole
        parts.append(upto - given)
        given = upto
    return parts


def seasons_for(picks: int) -> list[int]:
    """Return the classes of a league with that many selections, oldest first; the newest one is always included."""
    count = min(figures.LAST_SEASON - figures.FIRST_SEASON + 1, max(1, picks // _SMALLEST_CLASS))
    return list(range(figures.LAST_SEASON - count + 1, figures.LAST_SEASON + 1))


def teams_in(season: int) -> list[tuple[str, str]]:
    """List code in the draft file and name in the combine file of every team of a season, in the order of the reference list."""
    eras = [era for era in team_eras() if era.first_season <= season <= (era.last_season or season)]
    names = {era.franchise_id: era.team_name for era in eras if era.system == "name"}
    return [(era.code, names[era.franchise_id]) for era in eras if era.system == "pfr"]


def person_keys(season: pl.Series, slot: pl.Series) -> pl.Series:
    """Return the number of each person, which is the same in every league large enough to include that person."""
    return season.cast(pl.Int64) * (1 << 32) + slot.cast(pl.Int64)


def name_numbers(season: pl.Series, slot: pl.Series) -> pl.Series:
    """Return the number of the made-up name for a slot of a class; each class has its own range of the list."""
    stretch = COMBINATIONS // (figures.LAST_SEASON - figures.FIRST_SEASON + 1)
    return (season.cast(pl.Int64) - figures.FIRST_SEASON) * stretch + slot.cast(pl.Int64)


def selections(picks: int, seed: int) -> pl.DataFrame:
    """Return one row per selection.

    It has season, round, pick, team code and name, the ``first_owner`` of the pick (a team code), and ``value``: the pick as if the class
    had the usual size.
    """
    seasons = seasons_for(picks)
    sizes = shares(picks, [figures.usual_class_size(season) for season in seasons])
    frame = pl.DataFrame({"season": seasons, "size": sizes}, schema={"season": pl.Int64, "size": pl.Int64}).with_columns(
        rounds=pl.Series([figures.rounds_in(season) for season in seasons], dtype=pl.Int64),
        usual=pl.Series([figures.usual_class_size(season) for season in seasons], dtype=pl.Int64),
    )
    frame = frame.select(pl.exclude("size"), "size", pl.int_ranges(1, pl.col("size") + 1).alias("pick")).explode("pick").drop_nulls("pick")
    zero_based = pl.col("pick") - 1
    frame = frame.with_columns(
        round=zero_based * pl.col("rounds") // pl.col("size") + 1,
        value=zero_based * pl.col("usual") // pl.col("size") + 1,
    )
    return _with_teams(frame, seasons, seed)


def _with_teams(frame: pl.DataFrame, seasons: list[int], seed: int) -> pl.DataFrame:
    """Add the team on the clock: every round in the same order of its season, except for traded selections."""
    orders = {season: teams_in(season) for season in seasons}
    table = pl.DataFrame(
        [
            (season, turn, *team)
            for season, teams in orders.items()
            for turn, team in enumerate(sorted(teams, key=lambda team: _lot(seed, season, team[0])))
        ],
        schema={"season": pl.Int64, "turn": pl.Int64, "team": pl.String, "team_name": pl.String},
        orient="row",
    )
    counts = pl.DataFrame(
        {"season": list(orders), "teams": [len(teams) for teams in orders.values()]}, schema={"season": pl.Int64, "teams": pl.Int64}
    )
    frame = frame.join(counts, on="season", how="left", maintain_order="left")
    draws = Draws(seed, person_keys(frame["season"], frame["pick"] * 2))
    turn = (
        pl.when(draws.chance("traded", _TRADED))
        .then(draws.below("new owner", frame["teams"]))
        .otherwise((pl.col("pick") - 1) % pl.col("teams"))
    )
    frame = frame.with_columns(turn=turn, first_turn=(pl.col("pick") - 1) % pl.col("teams"))
    first = table.select("season", first_turn="turn", first_owner="team")
    for owners in (table, first):
        frame = frame.join(owners, on=["season", owners.columns[1]], how="left", maintain_order="left")
    return frame.drop("turn", "first_turn", "teams", "rounds", "usual")


def _lot(seed: int, season: int, code: str) -> bytes:
    """Return the key that orders the teams of a season for the draft."""
    return hashlib.sha256(f"{seed}/draft order/{season}/{code}".encode()).digest()
