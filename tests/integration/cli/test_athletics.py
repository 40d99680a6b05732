"""``dq percentiles``, ``dq comparables``, ``dq compare`` and ``dq combine scores``."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import Dq


@pytest.mark.real_data
def test_one_person_among_the_others(dq: Dq, real_dsn: str) -> None:
    [entry] = dq("combine", "list", "--name", "D.K. Metcalf", "--json", "--fields", "person_id", dsn=real_dsn).lines
    metcalf = str(entry["person_id"])
    shown = dq("percentiles", metcalf)
    assert shown.code == 0, shown.err
    [forty] = [line.split() for line in shown.out.splitlines() if line.startswith("forty")]
    assert forty == ["forty", "4.33", "96.26", "1162", "WR"]
    [score] = [line.split() for line in shown.out.splitlines() if line.startswith("score")]
    assert score == ["score", "9.208"]
    nearest = dq("comparables", metcalf, "--limit", "3")
    lines = nearest.out.splitlines()[-3:]
    assert all(name in line for name, line in zip(("Andre Johnson", "Jeff Caldwell", "Isaiah Neyor"), lines, strict=True)), lines
    assert nearest.err == "3 of 990 entries of WR that share at least 5 measurements.\n"
    assert dq("comparables", metcalf, "--earlier-only", "--json").value()["classes"] == {"season_min": None, "season_max": 2018}
    [other] = dq("combine", "list", "--name", "Calvin Johnson", "--season", "2007", "--json", "--fields", "person_id").lines
    both = dq("compare", metcalf, str(other["person_id"]))
    assert "4.33 (96.26 of 1162 WR)" in both.out
    assert "3 of 8 measurements; at least 5 are needed" in both.out
    best = dq("combine", "scores", "--position", "WR", "--limit", "3", "--json").lines
    scores = [float(str(row["athletic_score"])) for row in best]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 9.9


def test_wrong_options_are_named(dq: Dq, league_dsn: str) -> None:
    for arguments, words in (
        (("percentiles", "1", "--visit", "1999"), "--visit: "),
        (("percentiles", "1", "--season-min", "2020", "--season-max", "2010"), "--season-max: must not be below --season-min"),
        (("comparables", "1", "--limit", "0"), "--limit: "),
        (("compare", "1"), "PERSON: "),
        (("compare", "1", "1"), "PERSON: must not name a person twice"),
        (("combine", "scores", "--athletic-score-min", "x"), "--athletic-score-min: must be a number"),
    ):
        answer = dq(*arguments, dsn=league_dsn)
        assert (answer.code, words in answer.err) == (2, True), answer.err
    missing = dq("comparables", "99999999", dsn=league_dsn)
    assert (missing.code, missing.err) == (1, "Error: No person has the ID 99999999.\n")


def test_careers_side_by_side(dq: Dq, league_dsn: str) -> None:
    known = dq("picks", "list", "--season-max", "2015", "--json", "--limit", "1", "--sort=-w_av", dsn=league_dsn).lines[0]
    absent = dq("prospects", "--no-drafted", "--json", "--limit", "1").lines[0]
    shown = dq("compare", str(known["person_id"]), str(absent["person_id"])).out.splitlines()
    rows = {line.split("  ")[0].strip(): line.split() for line in shown}
    for name in ("games", "seasons_started", "probowls", "w_av"):
        assert rows[name] == [name, str(known[name])]
    assert f"{known['season']} round {known['round']} #{known['pick']}" in next(line for line in shown if line.startswith("selected"))
