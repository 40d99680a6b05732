"""Properties of the made-up players: rounded figures per role, close enough to be useful, but not those of real players.

Lengths are hundredths of an inch, weights hundredths of a pound, times thousandths of a second, so that all sums stay whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Measure:
    """Mean and standard deviation of one drill, and the share of entries that took part in it (per mille)."""

    mean: int
    deviation: int
    share: int = 1_000


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of player."""

    #: code in draft picks before and from FINE_POSITIONS_FROM, and at the combine
    early: str
    late: str
    combine: str
    #: the coarse category and side that the draft file has next to the code
    category: str
    side: str
    #: players of this role among 1000 draft picks
    weight: int
    height: Measure
    wt: Measure
    forty: Measure
    bench: Measure
    vertical: Measure
    broad_jump: Measure
    cone: Measure
    shuttle: Measure
    #: hundredths of each counting statistic per point of career value: rushes, receptions, tackles, interceptions, sacks
    rushes: int = 0
    receptions: int = 0
    tackles: int = 0
    interceptions: int = 0
    sacks: int = 0
    #: hundredths of a yard per rush and per reception
    rush_yards: int = 0
    catch_yards: int = 0
    passes: int = 0


def _role(codes: str, weight: int, table: str, **per_point: int) -> Role:
    """Build a role from two lines of text: codes, and ``mean/deviation/share`` of the eight measures."""
    early, late, combine, category, side = codes.split()
    height, wt, forty, bench, vertical, broad, cone, shuttle = (
        Measure(*(int(number) for number in cell.split("/"))) for cell in table.split()
    )
    return Role(early, late, combine, category, side, weight, height, wt, forty, bench, vertical, broad, cone, shuttle, **per_point)


#: The columns of the tables: height, weight, forty, bench, vertical, broad jump, cone, shuttle.
ROLES: Final = (
    _role(
        "QB QB QB QB O",
        48,
        "7470/175/997 22150/1150/997 4810/170/870 1900/400/40 3140/330/760 11140/690/750 7150/240/700 4330/160/710",
        passes=5300,
        rushes=500,
        rush_yards=410,
        receptions=5,
        catch_yards=800,
    ),
    _role(
        "RB RB RB RB O",
        98,
        "7040/180/997 21300/1370/997 4550/105/920 1940/455/680 3450/305/810 11870/560/790 7070/200/490 4280/150/520",
        rushes=2700,
        rush_yards=410,
        receptions=520,
        catch_yards=810,
    ),
    _role(
        "FB FB FB RB O",
        8,
        "7250/145/997 24450/1080/997 4770/140/980 2300/520/820 3280/310/840 11310/560/830 7300/270/740 4380/170/740",
        rushes=900,
        rush_yards=370,
        receptions=700,
        catch_yards=750,
    ),
    _role(
        "WR WR WR WR O",
        124,
        "7280/225/997 20100/1500/997 4510/97/930 1470/420/440 3550/315/810 12150/590/790 6980/215/570 4230/145/590",
        rushes=50,
        rush_yards=580,
        receptions=920,
        catch_yards=1360,
    ),
    _role(
        "TE TE TE TE O",
        59,
        "7630/135/997 25260/990/997 4760/140/880 2030/435/690 3330/325/760 11590/620/740 7190/220/600 4370/150/620",
        receptions=1180,
        catch_yards=1090,
    ),
    _role(
        "T OT OT OL O",
        72,
        "7770/125/997 31550/1320/997 5230/180/910 2440/480/640 2840/320/780 10360/680/760 7840/300/650 4750/190/660",
    ),
    _role(
        "G OL OG OL O",
        66,
        "7600/118/997 31460/1250/997 5300/185/980 2560/540/770 2760/315/800 10090/670/790 7920/320/730 4790/205/760",
    ),
    _role(
        "C C C OL O",
        26,
        "7540/112/997 30350/800/997 5220/160/880 2620/490/650 2850/310/730 10270/630/730 7700/270/660 4630/170/680",
    ),
    _role(
        "DE DE DE DL D",
        87,
        "7580/142/997 26600/1400/997 4810/145/930 2380/490/720 3320/325/770 11550/630/760 7310/260/600 4430/175/610",
        tackles=560,
        interceptions=6,
        sacks=125,
    ),
    _role(
        "DT DT DT DL D",
        76,
        "7500/147/997 30700/1530/997 5090/170/890 2740/530/670 2940/305/740 10550/600/710 7700/280/580 4650/185/600",
        tackles=480,
        interceptions=3,
        sacks=72,
    ),
    _role(
        "LB OLB OLB LB D",
        72,
        "7380/147/997 24040/1010/997 4680/120/920 2250/465/700 3450/340/780 11770/620/790 7140/225/600 4290/155/620",
        tackles=970,
        interceptions=22,
        sacks=80,
    ),
    _role(
        "LB LB ILB LB D",
        68,
        "7330/130/997 24050/780/997 4730/120/900 2200/440/700 3340/300/760 11580/560/760 7170/225/560 4310/155/580",
        tackles=1150,
        interceptions=20,
        sacks=35,
    ),
    _role(
        "DB CB CB DB D",
        99,
        "7140/163/997 19260/890/997 4490/90/920 1450/395/670 3610/287/770 12260/560/760 6950/205/510 4170/145/540",
        tackles=1000,
        interceptions=68,
        sacks=8,
    ),
    _role(
        "DB SAF S DB D",
        72,
        "7220/152/997 20680/930/997 4560/100/920 1690/420/720 3560/295/780 12090/590/770 7000/215/530 4200/150/540",
        tackles=1120,
        interceptions=55,
        sacks=14,
    ),
    _role(
        "K K K K S",
        10,
        "7190/210/997 19700/1800/997 4910/150/500 1520/500/40 3350/200/10 11350/350/20 7300/200/0 4500/150/0",
        tackles=50,
    ),
    _role(
        "P P P P S",
        10,
        "7400/205/997 21370/1550/997 4910/160/690 1600/560/80 3160/240/90 11410/460/80 7160/180/10 4420/200/20",
        tackles=40,
    ),
    _role(
        "LS LS LS LS S",
        5,
        "7420/188/997 24230/1180/997 5030/160/940 1690/490/530 2930/280/530 10930/680/560 7440/250/410 4530/190/440",
        tackles=60,
    ),
)

#: Programmes that send many players to the league; each is drawn as often as this many others.
BIG_PROGRAMME_WEIGHT: Final = 12
BIG_PROGRAMMES: Final = frozenset(
    {
        "Alabama",
        "Arizona State",
        "Auburn",
        "Arkansas",
        "California",
        "Clemson",
        "Colorado",
        "Florida",
        "Florida State",
        "Georgia",
        "Illinois",
        "Iowa",
        "LSU",
        "Maryland",
        "Miami (FL)",
        "Michigan",
        "Michigan State",
        "Nebraska",
        "North Carolina",
        "Notre Dame",
        "Ohio State",
        "Oklahoma",
        "Oregon",
        "Penn State",
        "Pittsburgh",
        "Purdue",
        "South Carolina",
        "Stanford",
        "Syracuse",
        "TCU",
        "Tennessee",
        "Texas",
        "Texas A&M",
        "UCLA",
        "USC",
        "Virginia Tech",
        "Washington",
        "West Virginia",
        "Wisconsin",
    }
)
