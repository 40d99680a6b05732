"""Questions of data analysts (A) and scouts (S)."""

from __future__ import annotations

import polars as pl
import pytest

from tests.integration.api.questions.model import AtLeast, Question, Raw

c = pl.col
near = pytest.approx


def over_expected(raw: Raw) -> pl.DataFrame:
    """Selections and value over expected of each team code, by the formula of docs/analytics.md."""
    return (
        raw.picks.filter(c("season").is_between(1994, 2015), c("pick") <= 224)
        .group_by("team")
        .agg(pl.len(), (c("w_av").fill_null(0) - (80.002 - 13.762 * c("pick").log())).sum().alias("over"))
        .sort("over", descending=True)
    )


ANALYST = (
    Question(
        "A1",
        "first rounds of ten classes as CSV",
        "draft-picks?round=1&season_min=2015&season_max=2024&format=csv&fields=season,pick,w_av",
        lambda a: a.frame.rows(),
        lambda raw: raw.picks.filter(c("round") == 1, c("season").is_between(2015, 2024)).select("season", "pick", "w_av").rows(),
    ),
    Question(
        "A2",
        "starters by round, with an interval",
        "analytics/hit-rates?group_by=round&season_min=1994&season_max=2015",
        lambda a: [(row["n"], round(100 * row["rate"], 2), row["lower"] < row["rate"] < row["upper"]) for row in a.rows[:3]],
        [(691, 77.86, True), (697, 57.68, True), (753, 35.19, True)],
    ),
    Question(
        "A3",
        "mean value of every slot",
        "aggregate/draft-picks?group_by=pick&measures=mean:w_av",
        lambda a: a.column("mean_w_av")[:100],
        lambda raw: near(raw.picks.group_by("pick").agg(c("w_av").mean()).sort("pick")["w_av"].to_list()[:100]),
    ),
    Question(
        "A4",
        "whether fast backs become good ones",
        "aggregate/prospects?position=RB&season_max=2015&measures=corr:forty:w_av,pairs:forty:w_av",
        lambda a: (a.rows[0]["corr_forty_w_av"], a.rows[0]["pairs_forty_w_av"]),
        lambda raw: near(
            raw.both.filter(c("pos").is_in(["RB", "FB"]), c("season") <= 2015)
            .drop_nulls(["forty", "w_av"])
            .select(pl.corr("forty", "w_av"), n=pl.len())
            .row(0),
            rel=0.05,
        ),
    ),
    Question(
        "A5",
        "the team that gets most out of its picks",
        "analytics/value-over-expected/groups?group_by=franchise&season_min=1994&season_max=2015&sort=-value_over_expected&limit=1",
        lambda a: (a.rows[0]["n"], a.rows[0]["value_over_expected"]),
        lambda raw: near(over_expected(raw).row(0)[1:], abs=1.5),
    ),
    Question(
        "A6",
        "colleges with the most first-round picks",
        "aggregate/draft-picks?round=1&season_min=2010&group_by=college&sort=-count&limit=3",
        lambda a: a.column("count"),
        lambda raw: raw.picks.filter(c("round") == 1, c("season") >= 2010)["college"].value_counts(sort=True)["count"].to_list()[:3],
    ),
    Question(
        "A7",
        "first-round picks who hardly played",
        "prospects?round=1&games_max=15&limit=1000",
        lambda a: sorted((row["season"], row["pick"]) for row in a.rows),
        lambda raw: raw.picks.filter(c("round") == 1, c("games") < 16).select("season", "pick").rows(),
    ),
    Question(
        "A8",
        "fast and explosive",
        "combine?forty_max=4.40&vertical_min=38&limit=1000",
        lambda a: len(a.rows),
        lambda raw: raw.combine.filter(c("forty") <= 4.40, c("vertical") >= 38).height,
    ),
    Question(
        "A9",
        "percentiles of every receiver",
        "analytics/athletic-score?position=WR&format=csv",
        lambda a: (a.frame.height, a.frame.filter(forty=4.33)["forty_percentile"].unique().to_list()),
        lambda raw: (raw.combine.filter(pos="WR").height, [96.26]),
    ),
    Question(
        "A11",
        "how many ran the cone, class by class",
        "aggregate/combine?group_by=season&measures=share:cone>=0",
        lambda a: a.column("share_cone_min_0"),
        lambda raw: near(raw.combine.group_by("season").agg(c("cone").is_not_null().mean()).sort("season")["cone"].to_list()),
    ),
    Question(
        "A12",
        "receivers by round and year",
        "aggregate/draft-picks?position=WR&group_by=season,round",
        lambda a: [tuple(row.values()) for row in a.rows],
        lambda raw: raw.picks.filter(position="WR").group_by("season", "round").len().sort("season", "round").rows(),
    ),
    Question(
        "A13",
        "invited and not drafted",
        "prospects?measured=true&drafted=false&season=2003&limit=1000",
        lambda a: ("Tony Romo" in a.column("name"), "Carson Palmer" in a.column("name"), set(a.column("round"))),
        (True, False, {None}),
    ),
    Question(
        "A14",
        "age by round and year",
        "aggregate/draft-picks?group_by=season,round&measures=mean:age",
        lambda a: a.column("mean_age"),
        lambda raw: near(raw.picks.group_by("season", "round").agg(c("age").mean()).sort("season", "round")["age"].to_list()),
    ),
    Question(
        "A15",
        "two positions of two classes",
        "prospects?position=RB,WR&season=2019,2021&measured=true&limit=1000",
        lambda a: len(a.rows),
        lambda raw: raw.combine.filter(c("pos").is_in(["RB", "FB", "WR"]), c("season").is_in([2019, 2021])).height,
    ),
)
SCOUT = (
    Question(
        "S1",
        "one receiver's percentiles",
        "analytics/athletic-score?name=DK Metcalf&fields=*",
        lambda a: (a.rows[0]["forty_percentile"], a.rows[0]["forty_n"]),
        (96.26, 1162),
    ),
    Question(
        "S2",
        "who is like him",
        "dq comparables 'D.K. Metcalf' --limit 3 --json",
        lambda a: [(each["name"], each["season"], each["distance"]) for each in a.value["comparables"]],
        [("Andre Johnson", 2003, 0.4828), ("Jeff Caldwell", 2026, 0.5794), ("Isaiah Neyor", 2025, 0.5927)],
    ),
    Question(
        "S3",
        "one number for an athlete",
        "analytics/athletic-score?name=Calvin Johnson&season=2007",
        lambda a: [(row["athletic_score"], row["athletic_note"]) for row in a.rows],
        [(None, "3 of 8 measurements; at least 5 are needed")],
    ),
    Question(
        "S5",
        "short quarterbacks of the first round",
        "prospects?position=QB&round=1&height_max=72",
        lambda a: a.column("name"),
        ["Michael Vick", "Johnny Manziel", "Kyler Murray", "Tua Tagovailoa", "Bryce Young"],
    ),
    Question(
        "S7",
        "heavy edge rushers by their forty",
        "prospects?position=EDGE&weight_min=260.1&sort=forty&limit=3",
        lambda a: [(row["name"], row["wt"], row["forty"]) for row in a.rows],
        lambda raw: (
            raw.combine.filter(c("pos").is_in(["DE", "EDGE"]), c("wt") > 260)
            .sort("forty", "season", nulls_last=True)
            .select("player_name", "wt", "forty")
            .rows()[:3]
        ),
    ),
    Question(
        "S8",
        "the agile",
        "combine?cone_max=6.89&shuttle_max=4.19&limit=1000",
        lambda a: len(a.rows),
        lambda raw: raw.combine.filter(c("cone") < 6.9, c("shuttle") < 4.2).height,
    ),
    Question(
        "S9",
        "everyone from Iowa since 2000",
        "prospects?college=iowa&season_min=2000&limit=1000",
        lambda a: sorted((row["season"], row["pick"]) for row in a.rows if row["pick"]),
        lambda raw: raw.picks.filter(c("season") >= 2000, college="Iowa").select("season", "pick").rows(),
    ),
    Question(
        "S10",
        "two receivers side by side",
        "dq compare 'D.K. Metcalf' 'Julio Jones' --json",
        lambda a: [each["athletic_score"]["score"] for each in a.value["people"]],
        [9.208, 9.854],
    ),
    Question(
        "S11",
        "the latest class: tests, and where each was picked",
        "prospects?season=2026&measured=true&sort=pick&limit=1000",
        lambda a: (len(a.rows), [row["name"] for row in a.rows if row["pick"] == 7], sum(row["drafted"] for row in a.rows) >= 194),
        (319, ["Sonny Styles"], True),
    ),
    Question(
        "S12",
        "cornerbacks of one team",
        "prospects?franchise=chiefs&position=CB&limit=1000",
        lambda a: {(row["season"], row["pick"], row["position_leaf"]) for row in a.rows},
        lambda raw: AtLeast(
            {(*row, "CB") for row in raw.both.filter(pos="CB", position="DB", team="KAN").select("season", "pick").rows()}
            | {(*row, "CB") for row in raw.picks.filter(position="CB", team="KAN").select("season", "pick").rows()}
        ),
    ),
    Question(
        "S13",
        "best athletes whom no team drafted",
        "analytics/athletic-score?drafted=false&season_max=2025&limit=1",
        lambda a: [(row["name"], row["athletic_score"]) for row in a.rows],
        [("Isaiah Weston", 9.985)],
    ),
    Question(
        "S14",
        "every spelling and id of one person",
        "dq person show 'Alex Styles' --json",
        lambda a: (
            {a.value["name"], *(each["name"] for each in a.value["aliases"])},
            {each["type"] for each in a.value["external_ids"]} >= {"pfr"},
            a.value["former_ids"],
        ),
        ({"Alex Styles", "Sonny Styles"}, True, []),
    ),
    Question(
        "S15",
        "agile tackles among the first fifty",
        "prospects?position=OT&pick_max=50&cone_max=7.69&limit=1000",
        lambda a: {(row["season"], row["pick"], row["cone"]) for row in a.rows},
        lambda raw: AtLeast({*raw.both.filter(c("pos") == "OT", c("pick") <= 50, c("cone") < 7.7).select("season", "pick", "cone").rows()}),
    ),
)
