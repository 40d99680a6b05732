"""``dq aggregate``: the same groups and measures as the API."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import Dq


@pytest.mark.real_data
def test_starters_by_round(dq: Dq, real_dsn: str) -> None:
    asked = ("--group-by", "round", "--season-min", "1994", "--season-max", "2015", "--measures", "count,share:seasons_started>=3")
    shown = dq("aggregate", "draft-picks", *asked, dsn=real_dsn)
    assert (shown.code, shown.err) == (0, "7 rows.\n")
    heading, first, *_ = (line.split() for line in shown.out.splitlines())
    assert heading == ["round", "count", "share_seasons_started_min_3"]
    assert first[:2] == ["1", "691"]
    rows = dq("aggregate", "draft-picks", *asked, "--json").lines
    assert [round(100 * float(str(row["share_seasons_started_min_3"])), 2) for row in rows][:3] == [77.86, 57.68, 35.19]


def test_every_list_that_is_aggregated_has_a_command(dq: Dq, league_dsn: str) -> None:
    for path, field in (("draft-picks", "w_av"), ("combine", "forty"), ("prospects", "speed_score")):
        rows = dq("aggregate", path, "--group-by", "group", "--measures", f"count,mean:{field}", "--json", dsn=league_dsn).lines
        assert len(rows) == 9, path
        assert set(rows[0]) == {"group", "count", f"mean_{field}"}
    players = dq("aggregate", "players", "--group-by", "season", "--selection", "regular", "--json", dsn=league_dsn).lines
    assert sum(int(str(row["count"])) for row in players) > 1000
    refused = dq("aggregate", "players", "--group-by", "group", dsn=league_dsn)
    assert "Choose from season, round, position, college, conference, decade." in refused.err, "the file's groups are not ours"
    first = dq("aggregate", "combine", "--group-by", "group", "--sort=-count", "--limit", "2", dsn=league_dsn)
    assert first.err.startswith("2 of 9 rows.\n")
    whole = dq("aggregate", "combine", "--season-min", "2010", dsn=league_dsn)
    assert whole.err.startswith("1 row.\nSynthetic league: ")


def test_wrong_options_are_named(dq: Dq, league_dsn: str) -> None:
    for option, value, words in (
        ("--group-by", "colour", "--group-by: Unknown group 'colour'"),
        ("--measures", "mode:w_av", "--measures: Unknown measure"),
        ("--season-min", "x", "--season-min: must be a whole number"),
    ):
        answer = dq("aggregate", "draft-picks", option, value, dsn=league_dsn)
        assert (answer.code, words in answer.err) == (2, True), answer.err
