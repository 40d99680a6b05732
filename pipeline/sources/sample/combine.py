"""The made-up combine file: most of a class that will be drafted, others who will not, and how they ran, jumped and lifted."""

from typing import Final

import polars as pl

from pipeline.sources.sample import figures
from pipeline.sources.sample.draws import SIGMA, Draws
from pipeline.sources.sample.league import person_keys, shares
from pipeline.sources.sample.names import other_spelling
from pipeline.sources.sample.players import blend, players, role_column

#: Combine entries of players who are drafted, per cent.
_DRAFTED: Final = 64
#: Bounds of what is plausible, in the units of ``figures``: nothing made up is outside.
_BOUNDS: Final = {
    "height": (6_200, 8_300),
    "wt": (14_000, 41_000),
    "forty": (4_180, 6_300),
    "bench": (100, 5_500),
    "vertical": (1_500, 4_800),
    "broad_jump": (7_000, 15_000),
    "cone": (6_200, 9_600),
    "shuttle": (3_500, 5_900),
}
# decimals come from tables: a column divided by 100 may be off in the last digit of its double
_HUNDREDTHS: Final = pl.Series([number / 100 for number in range(1_000)])
_HALVES: Final = pl.Series([number / 2 for number in range(101)])


def invited(picks: pl.DataFrame, entries: int, seed: int) -> pl.DataFrame:
    """Return one row per combine entry, oldest class first, with the columns of ``picks`` that name a player and his selection."""
    seasons = sorted(season for season in picks["season"].unique().to_list() if season >= figures.FIRST_COMBINE)
    sizes = shares(entries, [1] * len(seasons))
    quota = pl.DataFrame({"season": seasons, "entries": sizes}, schema={"season": pl.Int64, "entries": pl.Int64})
    quota = quota.with_columns(quota=pl.col("entries") * _DRAFTED // 100)
    keys = person_keys(picks["season"], picks["slot"])
    # early selections are nearly always there, late ones often not
    interest = Draws(seed, keys).below("invited", picks["size_of_class"]) + picks["pick"]
    ranked = picks.with_columns(interest=interest).join(quota, on="season").sort("season", "interest", "pick")
    ranked = ranked.with_columns(place=pl.int_range(1, pl.len() + 1).over("season")).filter(pl.col("place") <= pl.col("quota"))
    drafted = ranked.drop("interest", "place", "quota", "entries")
    everyone = pl.concat([drafted, _passed_over(drafted, quota, picks, seed)], how="diagonal")
    return everyone.sort("season", "name", "slot")


def _passed_over(drafted: pl.DataFrame, quota: pl.DataFrame, picks: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Invite players who are not drafted, as many as each season has room for."""
    present = drafted.group_by("season").agg(present=pl.len().cast(pl.Int64))
    sizes = picks.group_by("season").agg(pl.col("size_of_class").first())
    room = quota.join(present, on="season", how="left").join(sizes, on="season", how="left").sort("season")
    room = room.select("season", "size_of_class", number=pl.col("entries") - pl.col("present").fill_null(0))
    rows = room.with_columns(number=pl.int_ranges(0, pl.col("number"))).explode("number").drop_nulls("number")
    frame = players(rows["season"], rows["number"] * 2 + 1, rows["size_of_class"], seed)
    code = pl.format("Syn{}-{}-u{}", pl.lit(seed), "season", (pl.col("slot") // 2 + 1).cast(pl.String).str.zfill(4))
    return frame.with_columns(person_code=code)


def with_measurements(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add ht, wt and the six drills. Big players are slower and stronger, fast ones jump further; drills are skipped as in real life."""
    draws = Draws(seed, person_keys(frame["season"], frame["slot"]))
    size, speed = frame["size"], frame["speed"]
    own = {name: draws.normal(name) for name in _BOUNDS}
    gifts = {
        "height": blend([(840, size), (543, own["height"])]),
        "wt": blend([(840, size), (543, own["wt"])]),
        "forty": blend([(300, size), (-750, speed), (589, own["forty"])]),
        "bench": blend([(350, size), (937, own["bench"])]),
        "vertical": blend([(-120, size), (650, speed), (750, own["vertical"])]),
        "broad_jump": blend([(100, size), (650, speed), (300, own["vertical"]), (690, own["broad_jump"])]),
        "cone": blend([(300, size), (-400, speed), (866, own["cone"])]),
        "shuttle": blend([(250, size), (-350, speed), (600, own["cone"]), (674, own["shuttle"])]),
    }
    values = {name: _measured(frame["role"], name, gift) for name, gift in gifts.items()}
    took_part = _attendance(frame, draws)
    return frame.with_columns(pl.when(took_part[name]).then(values[name]).alias(f"raw_{name}") for name in _BOUNDS)


def _measured(role: pl.Series, measure: str, gift: pl.Series) -> pl.Series:
    mean, deviation = role_column(role, f"{measure}_mean"), role_column(role, f"{measure}_deviation")
    low, high = _BOUNDS[measure]
    return (mean + deviation * gift // SIGMA).clip(low, high)


def _attendance(frame: pl.DataFrame, draws: Draws) -> dict[str, pl.Series]:
    """Decide who took part in what; the two jumps, and the two runs around cones, are usually skipped together."""
    lots = {name: draws.below(f"skips {name}", 1_000) for name in ("height", "wt", "forty", "bench", "jumps", "agility")}
    spare = draws.below("skips one more", 1_000)
    lot_of = {"vertical": "jumps", "broad_jump": "jumps", "cone": "agility", "shuttle": "agility"}
    late = frame["season"] >= 2022
    attendance = {}
    for name in _BOUNDS:
        share = role_column(frame["role"], f"{name}_share")
        if name in {"cone", "shuttle"}:
            share = pl.select(pl.when(pl.lit(late)).then(share * 40 // 100).otherwise(share * 108 // 100)).to_series()
        attendance[name] = (lots[lot_of.get(name, name)] < share) & ((spare < 995) | (name in {"height", "wt"}))
    return attendance


def source_columns(frame: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Return the columns of the combine file; the newest class has no draft results yet, and the undrafted never get any."""
    known = (pl.col("season") < figures.LAST_SEASON) & pl.col("pick").is_not_null()
    inches = pl.col("raw_height") // 100
    names = other_spelling(frame["name"])
    short = frame["college"].str.replace(r" State$", " St.")
    has_id = pl.col("pick").is_not_null() | pl.Series(draws.chance("undrafted id", 450))
    return frame.select(
        "season",
        draft_year=pl.when(known).then("season"),
        draft_team=pl.when(known).then("team_name"),
        draft_round=pl.when(known).then("round"),
        draft_ovr=pl.when(known).then("pick"),
        pfr_id=pl.when(has_id).then(pl.coalesce("pfr_player_id", pl.when(pl.col("pick").is_null()).then("person_code"))),
        cfb_id=pl.lit(None, dtype=pl.String),
        player_name=pl.when(draws.chance("spelled differently", 500)).then(names).otherwise("name"),
        pos=role_column(frame["role"], "combine"),
        school=pl.when(draws.chance("short school", 300)).then(short).otherwise("college"),
        ht=pl.format("{}-{}", inches // 12, inches % 12),
        wt=pl.col("raw_wt") // 100,
        forty=_HUNDREDTHS.gather(frame["raw_forty"] // 10),
        bench=pl.col("raw_bench") // 100,
        vertical=_HALVES.gather(frame["raw_vertical"] // 50),
        broad_jump=pl.col("raw_broad_jump") // 100,
        cone=_HUNDREDTHS.gather(frame["raw_cone"] // 10),
        shuttle=_HUNDREDTHS.gather(frame["raw_shuttle"] // 10),
    )
