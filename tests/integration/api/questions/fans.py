"""Questions of dynasty players (D) and journalists (J)."""

from __future__ import annotations

import polars as pl
import pytest

from tests.integration.api.questions.model import AtLeast, Question

c = pl.col
near = pytest.approx

DYNASTY = (
    Question(
        "D1",
        "how many backs of each round became starters",
        "analytics/hit-rates?group_by=round&position=RB&season_min=1994&season_max=2015",
        lambda a: [(row["n"], row["hits"]) for row in a.rows],
        lambda raw: (
            raw.picks.filter(c("season").is_between(1994, 2015), c("position").is_in(["RB", "FB"]))
            .group_by("round")
            .agg(pl.len(), (c("seasons_started") >= 3).sum().alias("hits"))
            .sort("round")
            .select("len", "hits")
            .rows()
        ),
    ),
    Question(
        "D2",
        "the rookies of four positions in one list",
        "prospects?season=2026&position=QB,RB,WR,TE&drafted=true&limit=1000",
        lambda a: sorted(a.column("pick")),
        lambda raw: raw.picks.filter(c("season") == 2026, c("position").is_in(["QB", "RB", "FB", "WR", "TE"]))["pick"].to_list(),
    ),
    Question(
        "D3",
        "how old on draft day, to the day",
        "players?name=Joe Burrow&fields=birth_date,draft_age_years,draft_age_days",
        lambda a: [tuple(row.values()) for row in a.rows],
        [("1996-12-10", 23, 8535)],
    ),
    Question(
        "D4",
        "speed scores of backs",
        "prospects?position=RB&sort=-speed_score&limit=1&fields=name,speed_score,burst_score",
        lambda a: (a.rows[0]["name"], a.rows[0]["speed_score"], a.rows[0]["burst_score"]),
        lambda raw: (
            raw.combine.filter(pos="RB")
            .select("player_name", (200 * c("wt") / c("forty") ** 4).round(2).alias("speed"), c("vertical") + c("broad_jump"))
            .sort("speed", descending=True, nulls_last=True)
            .row(0)
        ),
    ),
    Question(
        "D5",
        "undrafted backs with the longest careers",
        "players?selection=undrafted&position=RB&rookie_season_min=2000&sort=-years_of_experience&limit=3&fields=years_of_experience,draft_year",
        lambda a: [tuple(row.values()) for row in a.rows],
        lambda raw: (
            raw.players.filter(c("draft_year").is_null(), c("rookie_season") >= 2000, c("position").is_in(["RB", "HB", "FB"]))
            .sort("years_of_experience", descending=True, nulls_last=True)
            .select("years_of_experience", "draft_year")
            .rows()[:3]
        ),
    ),
    Question(
        "D6",
        "pick 1.05 for 1.09 and 2.04",
        "dq trade calc 1.05 1.09,2.04 --picks-per-round 12 --json",
        lambda a: next((each["gave"], each["received"]) for each in a.value["charts"] if each["chart"] == "johnson"),
        (1700, 1350 + 1000),
    ),
    Question(
        "D7",
        "what a first of next year is worth now",
        "dq trade calc 2027r1 '' --discount 0.1 --json",
        lambda a: next(each["gave"] for each in a.value["charts"] if each["chart"] == "johnson"),
        0.9 * 1000,
    ),
    Question(
        "D9",
        "tall and fast receivers of the second day",
        "prospects?position=WR&round=2,3&height_min=74&forty_max=4.45&limit=1000",
        lambda a: {(row["season"], row["pick"], row["w_av"]) for row in a.rows},
        lambda raw: AtLeast(
            {
                *raw.both.with_columns(inches=c("ht").str.head(1).cast(int) * 12 + c("ht").str.slice(2).cast(int))
                .filter(c("pos") == "WR", c("round").is_in([2, 3]), c("forty") <= 4.45, c("inches") >= 74)
                .select("season", "pick", "w_av")
                .rows()
            }
        ),
    ),
    Question(
        "D10",
        "best tight ends of ten classes",
        "draft-picks?position=TE&season_min=2015&season_max=2024&sort=-w_av&limit=3",
        lambda a: [(row["name"], row["w_av"]) for row in a.rows],
        lambda raw: (
            raw.picks.filter(c("season").is_between(2015, 2024), position="TE")
            .sort("w_av", "season", descending=[True, False], nulls_last=True)
            .select("pfr_player_name", "w_av")
            .rows()[:3]
        ),
    ),
    Question(
        "D12",
        "ids at other sites",
        "players?name=Joe Burrow&fields=espn_id,pff_id,otc_id",
        lambda a: [tuple(row.values()) for row in a.rows],
        lambda raw: raw.players.filter(gsis_id="00-0036442").select("espn_id", "pff_id", "otc_id").rows(),
    ),
    Question(
        "D13",
        "rookies who are like him",
        "dq comparables 'DK Metcalf' --season-min 2026 --limit 1 --json",
        lambda a: [(each["name"], each["distance"]) for each in a.value["comparables"]],
        [("Jeff Caldwell", 0.5794)],
    ),
    Question(
        "D14",
        "what became of one team's receivers",
        "draft-picks?franchise=KC&position=WR&limit=1000",
        lambda a: [(row["season"], row["pick"], row["games"], row["w_av"]) for row in a.rows],
        lambda raw: raw.picks.filter(team="KAN", position="WR").select("season", "pick", "games", "w_av").rows(),
    ),
    Question(
        "D15",
        "slow receivers who went early",
        "prospects?position=WR&round=1,2&forty_min=4.6&sort=-forty",
        lambda a: a.column("forty"),
        lambda raw: raw.both.filter(c("pos") == "WR", c("round") <= 2, c("forty") >= 4.6)["forty"].sort(descending=True).to_list(),
    ),
)
JOURNALIST = (
    Question(
        "J1",
        "the last quarterback whom the Bears took in round 1",
        "draft-picks?franchise=bears&position=QB&round=1&sort=-season&limit=1",
        lambda a: [(row["season"], row["name"]) for row in a.rows],
        [(2024, "Caleb Williams")],
    ),
    Question(
        "J2",
        "most selections from one college in one draft",
        "aggregate/draft-picks?group_by=season,college&sort=-count&limit=2",
        lambda a: [tuple(row.values()) for row in a.rows],
        [(1984, "texas", 17), (2022, "georgia", 15)],
    ),
    Question(
        "J3",
        "Hall of Famers from round 6 on",
        "prospects?hof=true&round_min=6",
        lambda a: [(row["season"], row["name"]) for row in a.rows],
        [(1983, "Richard Dent"), (1990, "Shannon Sharpe"), (1995, "Terrell Davis")],
    ),
    Question(
        "J4",
        "the youngest pick since 2000",
        "players?selection=regular&sort=draft_age_days&limit=1",
        lambda a: [(row["name"], row["draft_year"], row["draft_age_years"]) for row in a.rows],
        [("Amobi Okoye", 2007, 19)],
    ),
    Question(
        "J5",
        "the last pick of every draft",
        "aggregate/draft-picks?group_by=season&measures=max:pick,who_max:pick",
        lambda a: [tuple(row.values()) for row in a.rows],
        lambda raw: raw.picks.sort("pick").group_by("season").last().sort("season").select("season", "pick", "pfr_player_name").rows(),
    ),
    Question(
        "J6",
        "trades on the days of a draft",
        "trades?trade_date_min=2024-04-25&trade_date_max=2024-04-27&limit=1000",
        lambda a: len(set(a.column("trade_id"))),
        29,
    ),
    Question(
        "J7",
        "the fastest of each position",
        "aggregate/combine?group_by=position&measures=min:forty,who_min:forty",
        lambda a: next((row["min_forty"], row["who_min_forty"]) for row in a.rows if row["position"] == "WR"),
        (4.21, "Xavier Worthy"),
    ),
    Question(
        "J8",
        "quarterbacks in round 1, class by class",
        "aggregate/draft-picks?position=QB&round=1&group_by=season,pick",
        lambda a: [(row["season"], row["pick"]) for row in a.rows],
        lambda raw: raw.picks.filter(c("round") == 1, position="QB").select("season", "pick").rows(),
    ),
    Question(
        "J9",
        "supplemental selections",
        "players?selection=supplemental&limit=1000",
        lambda a: (len(a.rows), {"Terrelle Pryor", "Josh Gordon", "Sam Beal"} <= set(a.column("name"))),
        (84, True),
    ),
    Question(
        "J10",
        "selections by conference",
        "aggregate/players?draft_year_min=1980&group_by=conference&sort=-count",
        lambda a: {row["conference"]: row["count"] for row in a.rows},
        lambda raw: dict(raw.players.filter(c("draft_year") >= 1980).group_by("college_conference").len().rows()),
    ),
    Question(
        "J13",
        "2017 drafted again",
        "draft-picks?season=2017&sort=-w_av&limit=3",
        lambda a: a.column("name"),
        ["Patrick Mahomes", "Myles Garrett", "T.J. Watt"],
    ),
    Question(
        "J15",
        "a team's drafts of five years, graded",
        "analytics/value-over-expected/groups?franchise=bears&group_by=season&season_min=2011&season_max=2015",
        lambda a: a.column("value_over_expected"),
        lambda raw: near(
            raw.picks.filter(c("season").is_between(2011, 2015), c("pick") <= 224, team="CHI")
            .group_by("season")
            .agg((c("w_av").fill_null(0) - (80.002 - 13.762 * c("pick").log())).sum())
            .sort("season")["w_av"]
            .to_list(),
            abs=0.1,
        ),
    ),
)
