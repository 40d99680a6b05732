"""``dq trade``: the calculator, and one trade in full."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Dq


@pytest.mark.real_data
def test_a_trade_of_picks_is_valued_by_every_chart(dq: Dq, real_dsn: str) -> None:
    answer = dq("trade", "calc", "6,39,2013r1#22", "2", dsn=real_dsn)
    assert answer.code == 0, answer.err
    [johnson] = [line.split() for line in answer.out.splitlines() if line.split()[:1] == ["johnson"]]
    assert johnson[1:4] == ["2890", "2600", "-290"]
    assert "counted from the draft of 2012" in answer.out
    text = dq("trade", "calc", "6,39,2013r1#22", "2", "--discount", "0.5", "--chart", "otc", "--json").out
    value = json.loads(text)
    assert ([each["chart"] for each in value["charts"]], value["gave"][2]["factor"]) == (["otc"], 0.5)


@pytest.mark.real_data
def test_a_trade_is_shown_with_what_the_picks_became(dq: Dq, real_dsn: str) -> None:
    answer = dq("trade", "show", "503", dsn=real_dsn)
    assert answer.code == 0, answer.err
    assert "Robert Griffin III" in answer.out
    sums = [line.split()[1:] for line in answer.out.splitlines() if line.split()[:1] == ["johnson"]]
    assert sorted(sums) == [["2600", "5490", "2890"], ["5490", "2600", "-2890"]]
    assert dq("trade", "show", "93").err.startswith("The source has nothing that")
    assert dq("trade", "show", "503", "--json").value()["trade_id"] == 503


def test_charts_that_agree_are_not_said_to_disagree(dq: Dq, league_dsn: str) -> None:
    answer = dq("trade", "calc", "1", "2", dsn=league_dsn)
    assert (answer.code, "disagree" in answer.out + answer.err) == (0, False), answer.err
    assert "Charts value picks differently, so none of them is the verdict" in answer.out + answer.err


def test_wrong_trades_name_the_argument(dq: Dq, league_dsn: str) -> None:
    for arguments, words in (
        (("6", "6"), "RECEIVED: The trade gives and takes the same pick"),
        (("999", "1"), "GAVE: The charts end with pick 262"),
        (("1", "2", "--chart", "jonson"), "--chart: unknown chart 'jonson'"),
        (("1", "2", "--discount", "2"), "--discount: "),
    ):
        answer = dq("trade", "calc", *arguments, dsn=league_dsn)
        assert (answer.code, words in answer.err) == (2, True), answer.err
    [leg] = dq("trade", "list", "--trade-id", "1", "--limit", "1", "--json", dsn=league_dsn).lines
    assert leg["trade_id"] == 1
    missing = dq("trade", "show", "99999999", dsn=league_dsn)
    assert (missing.code, missing.err) == (1, "Error: No trade has the ID 99999999.\n")


def test_without_charts_the_calculator_says_how_to_load_them(dq: Dq, database: str) -> None:
    answer = dq("trade", "calc", "1", "2", dsn=database)
    assert answer.code == 1
    assert "No pick values have been loaded yet. Load them: dq etl run --dataset pick_values --from DIR" in answer.err
