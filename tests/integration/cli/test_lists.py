"""``dq picks list`` and ``dq combine list``: the filters of the API, tables for people, JSON Lines for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from subprocess import Popen

import pytest

from app.draft_picks.schemas import DraftPickParameters
from cli.filters import options_of
from tests.integration.cli.conftest import Dq
from tests.support.waiting import PATIENCE


def test_a_table_for_people_and_a_remark_that_the_league_is_made_up(dq: Dq, league_dsn: str) -> None:
    answer = dq("picks", "list", "--season", "2020", "--round", "1", "--limit", "3", dsn=league_dsn)
    assert answer.code == 0
    heading, *rows = answer.out.splitlines()
    assert heading.split()[:5] == ["season", "round", "pick", "team", "name"]
    assert [row.split()[:3] for row in rows] == [["2020", "1", "1"], ["2020", "1", "2"], ["2020", "1", "3"]]
    assert "Synthetic league" in answer.err
    assert "3 of " in answer.err


def test_json_lines_for_programs(dq: Dq, league_dsn: str) -> None:
    answer = dq("picks", "list", "--season", "2020", "--sort=-pick", "--fields", "pick,name,hof,to", "--json", "--all", dsn=league_dsn)
    picks = [row["pick"] for row in answer.lines]
    assert picks == list(range(len(picks), 0, -1))
    assert set(answer.lines[0]) == {"pick", "name", "hof", "to"}
    assert isinstance(answer.lines[0]["hof"], bool)
    assert answer.err == ""


def test_a_repeated_filter_takes_all_of_its_values(dq: Dq, league_dsn: str) -> None:
    options = ("picks", "list", "--json", "--all", "--fields", "season,pick", "--round", "1")
    both = dq(*options, "--season", "2020", "--season", "2021", dsn=league_dsn)
    assert {row["season"] for row in both.lines} == {2020, 2021}
    assert both.out == dq(*options, "--season", "2020,2021", dsn=league_dsn).out


def test_what_takes_one_value_is_refused_when_it_is_repeated(dq: Dq, league_dsn: str) -> None:
    answer = dq("picks", "list", "--sort", "pick", "--sort=-pick", dsn=league_dsn)
    assert answer.code == 2
    assert answer.err.endswith("Error: Invalid value for '--sort': it is given more than once.\n")


def test_all_follows_the_pages_to_the_end_without_repeating_a_row(dq: Dq, league_dsn: str) -> None:
    rows = dq("picks", "list", "--json", "--all", "--fields", "season,pick", dsn=league_dsn).lines
    assert len(rows) == 1_770
    assert len({(row["season"], row["pick"]) for row in rows}) == 1_770


def test_a_limit_beyond_a_page_is_kept_exactly(dq: Dq, league_dsn: str) -> None:
    assert len(dq("picks", "list", "--json", "--limit", "1203", dsn=league_dsn).lines) == 1_203


def test_every_filter_of_the_api_is_an_option(dq: Dq, league_dsn: str) -> None:
    options = {option.name for option in options_of(DraftPickParameters)}
    assert options == set(DraftPickParameters.model_fields) - {"format", "escape_formulas", "cursor"} | {"all_rows", "as_json"}
    answer = dq("picks", "list", "--position", "QB", "--franchise", "bengals", "--season-min", "1990", "--no-hof", "--json", dsn=league_dsn)
    assert answer.code == 0
    assert all(row["position_leaf"] == "QB" and row["franchise"] == "CIN" and row["hof"] is False for row in answer.lines)


def test_combine_results_by_drill(dq: Dq, league_dsn: str) -> None:
    rows = dq("combine", "list", "--position", "WR", "--forty-max", "4.5", "--sort", "forty", "--json", dsn=league_dsn).lines
    forties = [float(str(row["forty"])) for row in rows]
    assert forties
    assert forties == sorted(forties)
    assert max(forties) <= 4.5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--season", "abc"], "--season: must be a whole number"),
        (["--season-min", "2020", "--season-max", "2010"], "--season-max: must not be below --season-min"),
        (["--position", "XX"], "--position: Unknown position 'XX'"),
        (["--franchise", "bengalz"], 'Did you mean "bengals"'),
        (["--fields", "nothing"], "--fields: Unknown field 'nothing'"),
        (["--position", "qbb"], "--position: Unknown position 'qbb'. Did you mean \"QB\"? Choose one of "),
        (["--sort", "nothing"], "--sort: Cannot sort by 'nothing'"),
        (["--group", "XX"], "'XX' is not one of"),
        (["--limit", "0"], "must be at least 1"),
        (["--nonsense"], "--nonsense"),
        (["--q", "..."], "--q: must contain a letter or a digit"),
    ],
)
def test_a_wrong_question_is_a_usage_error_that_names_the_option(dq: Dq, league_dsn: str, arguments: list[str], complaint: str) -> None:
    answer = dq("picks", "list", *arguments, dsn=league_dsn)
    assert answer.code == 2
    assert complaint in answer.err
    assert answer.out == ""


def test_an_empty_database_says_how_to_fill_it(dq: Dq, database: str) -> None:
    answer = dq("picks", "list", dsn=database)
    assert answer.code == 0
    assert answer.out == ""
    assert "No data has been loaded yet" in answer.err
    assert "dq etl run" in answer.err


@pytest.mark.parametrize(
    ("arguments", "seasons"),
    [
        (["picks", "list", "--season", "1950,1960"], r"Draft picks cover 1980 to 20\d\d\."),
        (["picks", "list", "--season-max", "1950", "--json"], r"Draft picks cover 1980 to 20\d\d\."),
        (["combine", "scores", "--season-min", "2150"], r"Combine results cover 2000 to 20\d\d\."),
        (["value", "picks", "--season", "1950"], r"Draft picks cover 1980 to 20\d\d\."),
        (["picks", "list", "--season", "1950,1980", "--round", "99"], None),
    ],
)
def test_a_season_outside_the_data_is_answered_with_those_there_are(
    dq: Dq, league_dsn: str, arguments: list[str], seasons: str | None
) -> None:
    answer = dq(*arguments, dsn=league_dsn)
    assert (answer.code, answer.out) == (0, "")
    assert bool(re.search(seasons or "cover", answer.err)) is (seasons is not None)


@pytest.mark.parametrize(
    ("arguments", "seasons"),
    [
        (["aggregate", "draft-picks", "--group-by", "round", "--season", "1950"], r"Draft picks cover 1980 to 20\d\d\."),
        (["aggregate", "combine", "--measures", "count,mean:forty", "--season-max", "1950"], r"Combine results cover 2000 to 20\d\d\."),
        (["hit-rates", "--season-min", "2150", "--json"], r"Draft picks cover 1980 to 20\d\d\."),
        (["value", "groups", "--group-by", "franchise", "--season", "1950"], r"Draft picks cover 1980 to 20\d\d\."),
        (["aggregate", "players", "--group-by", "season", "--college", "ohio-state", "--q", "xyzzy"], "No name has words"),
        (["aggregate", "draft-picks", "--season", "1980", "--round", "99"], None),
        (["hit-rates", "--season", "1980"], None),
    ],
)
def test_a_table_of_no_rows_says_why(dq: Dq, league_dsn: str, arguments: list[str], seasons: str | None) -> None:
    answer = dq(*arguments, dsn=league_dsn)
    assert answer.code == 0
    assert bool(re.search(seasons or "cover", answer.err)) is (seasons is not None), answer.err


def test_a_database_without_tables_says_how_to_make_them(dq: Dq, empty_database: str) -> None:
    answer = dq("picks", "list", dsn=empty_database)
    assert answer.code == 1
    assert "dq db migrate" in answer.err


def test_no_database_at_all_is_one_sentence(dq: Dq) -> None:
    answer = dq("picks", "list", dsn="postgresql://postgres@127.0.0.1:9/nothing")
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("command", [("picks", "list"), ("db", "status"), ("db", "migrate"), ("etl", "run", "--sample")])
def test_a_database_that_refuses_is_one_sentence(dq: Dq, league_dsn: str, command: tuple[str, ...]) -> None:
    answer = dq(*command, dsn=league_dsn.replace("/league?", "/nowhere?"))
    assert answer.code == 1
    assert answer.err == 'Error: The database refused the connection: database "nowhere" does not exist. Check DATABASE_URL.\n'


def test_a_reader_that_has_enough_is_no_error(dq_process: Callable[..., Popen[str]], league_dsn: str) -> None:
    process = dq_process("picks", "list", "--json", "--all", dsn=league_dsn)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["season"] == 1980
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE) == 0


def test_accents_reach_the_pipe_unchanged(dq_process: Callable[..., Popen[str]], league_dsn: str) -> None:
    process = dq_process("picks", "list", "--all", "--fields", "name", dsn=league_dsn)
    out, _ = process.communicate(timeout=PATIENCE)
    assert any("é" in name for name, *_ in csv.reader(io.StringIO(out)))
