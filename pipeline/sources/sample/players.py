"""Who is drafted or invited: role, name, college, and the gifts from which measurements and careers follow."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from pipeline import reference
from pipeline.sources.sample import figures
from pipeline.sources.sample.draws import SIGMA, Draws
from pipeline.sources.sample.league import name_numbers, person_keys
from pipeline.sources.sample.names import full_names

#: Players of 2000 who share their name with another player of the same class (each makes a pair).
_NAMESAKES: Final = 3
_NO_COLLEGE: Final = 1
_ROLE_SLOTS: Final = figures.ROLES.select(pl.int_range(pl.len()).repeat_by("weight").explode()).to_series()


@lru_cache(maxsize=1)
def college_slots() -> pl.Series:
    """List names from the reference list, the big programmes many times."""
    names = pl.read_csv(Path(reference.__file__).with_name("colleges.csv"))["name"]
    return pl.Series([name for name in names for _ in range(figures.BIG_PROGRAMME_WEIGHT if name in figures.BIG_PROGRAMMES else 1)])


def players(season: pl.Series, slot: pl.Series, namesake_range: pl.Series, seed: int) -> pl.DataFrame:
    """Return one row per (season, slot).

    ``slot`` is twice the pick of a drafted player and odd for one who was not; ``namesake_range`` is the number of selections of the
    class, among which the other bearer of a shared name is found.
    """
    draws = Draws(seed, person_keys(season, slot))
    other = (draws.below("namesake of", namesake_range) + 1) * 2
    frame = pl.DataFrame({"season": season, "slot": slot, "other": other, "shared": draws.below("namesake", 2_000) < _NAMESAKES})
    named_after = frame.select(pl.when("shared").then("other").otherwise("slot").alias("slot")).to_series()
    college = pl.DataFrame({"college": draws.choice("college", college_slots()), "none": draws.chance("no college", _NO_COLLEGE)})
    return pl.DataFrame(
        {
            "season": season,
            "slot": slot,
            "role": draws.choice("role", _ROLE_SLOTS),
            "name": full_names(name_numbers(season, named_after), seed),
            "college": college.select(pl.when(~pl.col("none")).then("college")).to_series(),
            "size": draws.normal("size"),
            "speed": draws.normal("speed"),
        }
    )


def role_column(role: pl.Series, name: str) -> pl.Series:
    """Return what ``figures.ROLES`` says of the role of each row."""
    return figures.ROLES[name].gather(role)


def blend(parts: list[tuple[int, pl.Series]]) -> pl.Series:
    """Sum normal draws with weights in thousandths, whose squares should add up to a million."""
    total = parts[0][1] * parts[0][0]
    for weight, draw in parts[1:]:
        total = total + draw * weight
    return total // SIGMA
