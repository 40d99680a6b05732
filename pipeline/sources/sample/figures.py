"""Properties of the made-up players: rounded figures per role, close enough to be useful, but not those of real players.

Lengths are hundredths of an inch, weights hundredths of a pound, times thousandths of a second, so that all sums stay whole numbers.
"""

from pathlib import Path
from typing import Final

import polars as pl

FIRST_SEASON: Final = 1980
LAST_SEASON: Final = 2026
FIRST_COMBINE: Final = 2000
#: The season whose games are the last ones known: the newest class has not played yet.
LAST_PLAYED: Final = LAST_SEASON - 1
#: Classes from this one on are recorded with finer position codes.
FINE_POSITIONS_FROM: Final = 2019
#: Of 100 rows, so many are draft picks; the others are combine entries.
PICK_SHARE: Final = 59


def rounds_in(season: int) -> int:
    """Return the number of rounds of a draft: twelve, then eight once, then seven."""
    return 12 if season <= 1992 else 8 if season == 1993 else 7


def usual_class_size(season: int) -> int:
    """Return the number of selections in a class of that time."""
    if season <= 1992:
        return 334
    return 224 if season == 1993 else 240 if season <= 2001 else 256


ROLES: Final = pl.read_csv(Path(__file__).with_name("roles.csv"))
"""The kinds of players.

``early`` and ``late`` are the code in draft picks before and from ``FINE_POSITIONS_FROM``, ``combine`` that at the combine; ``category``
and ``side`` stand next to the code. ``weight`` is the number of players of the role among 1000 draft picks. A measure has its mean, its
standard deviation, and the share of entries that took part in it (per mille). Statistics are hundredths per point of career value;
``rush_yards`` and ``catch_yards`` are hundredths of a yard per rush and per reception.
"""

#: Programmes that send many players to the league; each is drawn as often as this many others.
BIG_PROGRAMME_WEIGHT: Final = 12
BIG_PROGRAMMES: Final = frozenset(pl.read_csv(Path(__file__).with_name("big_programmes.csv"))["college"])
