"""``dq list``: the rows of any data set, with the filters of the API."""

from __future__ import annotations

import pytest

from app.datasets import DATASETS
from tests.integration.cli.conftest import Dq


@pytest.mark.real_data
def test_trades_and_pick_values_are_listed(dq: Dq, real_dsn: str) -> None:
    answer = dq("list", "trades", "--trade-id", "503", dsn=real_dsn)
    assert (answer.code, answer.out.splitlines()[0].split()[:3]) == (0, ["trade_id", "leg", "trade_date"])
    rows = dq("list", "pick-values", "--pick-max", "3", "--json", dsn=real_dsn).lines
    assert [row["johnson"] for row in rows] == [3000, 2600, 2200]


def test_every_data_set_has_a_command(dq: Dq, league_dsn: str) -> None:
    for dataset in DATASETS.values():
        answer = dq("list", dataset.path, "--limit", "1", dsn=league_dsn)
        assert (answer.code, "row" in answer.err) == (0, True), answer.err


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("trades", "No trades have been loaded yet. Load them: dq etl run --dataset trades"),
        ("pick-values", "No pick values have been loaded yet. Load them: dq etl run --dataset pick_values --from DIR"),
    ],
)
def test_a_data_set_that_was_never_loaded_says_how_to_load_it(dq: Dq, database: str, path: str, hint: str) -> None:
    """Whatever else is loaded."""
    assert hint in dq("list", path, dsn=database).err
    assert dq("etl", "run", "--sample", "--rows", "60", "--dataset", "draft_picks", dsn=database).code == 0
    assert hint in dq("list", path, dsn=database).err


def test_prospects_say_how_to_load_what_they_are_made_of(dq: Dq, database: str, league_dsn: str) -> None:
    assert "No data has been loaded yet. Load it: dq etl run" in dq("prospects", dsn=database).err
    unseen = dq("prospects", "--season", "1981", "--pick-min", "499", dsn=league_dsn)
    assert ("0 rows" in unseen.err, "loaded yet" in unseen.err) == (True, False)
    listed = dq("prospects", "--group", "qb,WR", "--season", "2019,2021", "--all", "--json", dsn=league_dsn).lines
    assert {(row["position_group"], row["season"]) for row in listed} == {(group, year) for group in ("QB", "WR") for year in (2019, 2021)}
    wrong = dq("prospects", "--group", "QB,XX", dsn=league_dsn)
    assert (wrong.code, "'XX' is not one of" in wrong.err) == (2, True)


def test_a_filter_that_finds_nothing_gives_no_hint_to_load(dq: Dq, league_dsn: str) -> None:
    answer = dq("list", "draft-picks", "--season", "1980", "--pick-min", "499", dsn=league_dsn)
    assert "0 rows" in answer.err
    assert "loaded yet" not in answer.err
