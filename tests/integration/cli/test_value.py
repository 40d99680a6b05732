"""``dq hit-rates`` and ``dq value``."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import Dq


@pytest.mark.real_data
def test_the_numbers_of_the_api(dq: Dq, real_dsn: str) -> None:
    rates = dq("hit-rates", "--group-by", "round", "--json", "--season-min", "1994", "--season-max", "2015", dsn=real_dsn).lines
    assert (rates[0]["n"], rates[0]["hits"]) == (691, 538)
    shown = dq("hit-rates", "--hit", "w_av", "--at-least", "50")
    assert shown.err.splitlines()[1:] == [
        "Classes after 2021 are less than 5 years old and left out; season or season_max includes them.",
        "hit w_av, at_least 50",
    ]
    expected = dq("value", "expected", "--pick-min", "199", "--pick-max", "199")
    assert expected.out.split()[-4:-2] == ["199", "7.15"]
    assert "intercept 80.002103, slope -13.762214, n 4926" in expected.err
    assert "Tom Brady" in dq("value", "picks", "--limit", "1").out
    assert len(dq("value", "groups", "--group-by", "franchise", "--json").lines) == 32
    [strength] = dq("value", "classes", "--season", "2024", "--group", "QB", "--measure", "johnson", "--json").lines
    assert (strength["value"], strength["rank"]) == (11772, 1)


def test_wrong_options_are_named(dq: Dq, league_dsn: str) -> None:
    for arguments, words in (
        (("hit-rates", "--hit", "games"), "--at-least: A hit by games needs a number"),
        (("value", "expected", "--pick-max", "225"), "--pick-max: must be at most 224"),
        (("value", "classes", "--measure", "rich"), "--measure"),
        (("value", "groups", "--group-by", "x"), "--group-by: Unknown group"),
    ):
        answer = dq(*arguments, dsn=league_dsn)
        assert (answer.code, words in answer.err) == (2, True), answer.err
