"""``dq person``: found by a name or an id, and shown whole."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from app.datasets import DATASETS
from tests.integration.cli.conftest import Dq


def test_somebody_is_found_by_the_beginning_of_his_name_and_shown(dq: Dq, league_dsn: str) -> None:
    first = dq("picks", "list", "--season", "2020", "--pick", "1", "--fields", "person_id,name", "--json", dsn=league_dsn).lines[0]
    word = str(first["name"]).split()[0][:4].upper()
    found = dq("person", "search", word, "--season", "2020", "--json", "--limit", "1000").lines
    assert first["person_id"] in {row["person_id"] for row in found}
    shown = dq("person", "show", str(first["person_id"]), "--json").value()
    assert shown["name"] == first["name"]
    selections = shown["selections"]
    assert isinstance(selections, list)
    assert selections[0]["pick"] == 1
    table = dq("person", "show", str(first["person_id"]))
    assert table.out.splitlines()[0] == first["name"]
    assert "Selections" in table.out
    assert "made up" in table.err


def test_percentiles_of_a_combine_visit_are_shown(dq: Dq, league_dsn: str) -> None:
    entry = dq("combine", "list", "--position", "WR", "--sort", "forty", "--limit", "1", "--json", dsn=league_dsn).lines[0]
    lines = dq("person", "show", str(entry["person_id"])).out.splitlines()
    forty = next(line.split() for line in lines if line.startswith("forty"))
    assert float(forty[1]) == entry["forty"]
    assert float(forty[2]) > 99


def test_an_id_finds_one_person(dq: Dq, league_dsn: str) -> None:
    found = dq("person", "search", "--pfr-id", "Syn7-2020-0001", "--json", dsn=league_dsn).lines
    assert len(found) == 1
    table = dq("person", "search", "--pfr-id", "Syn7-2020-0001")
    assert "2020 #1 " in table.out
    assert "dq person show" in table.err


def test_as_many_are_listed_as_were_asked_for(dq: Dq, league_dsn: str) -> None:
    """More than one page of the API holds."""
    found = dq("person", "search", "--limit", "1001", "--json", "--fields", "person_id", dsn=league_dsn).lines
    assert len({row["person_id"] for row in found}) == 1001


def test_a_name_leads_to_its_only_person(dq: Dq, league_dsn: str) -> None:
    [first, *_] = dq("combine", "list", "--limit", "1", "--json", "--fields", "name,person_id", dsn=league_dsn).lines
    assert dq("person", "show", str(first["name"]).upper(), "--json", dsn=league_dsn).value()["person_id"] == first["person_id"]


@pytest.mark.real_data
def test_namesakes_are_told_apart_by_the_id(dq: Dq, real_dsn: str) -> None:
    answer = dq("comparables", "Byron Young", dsn=real_dsn)
    assert answer.code == 2
    assert "more than one person has the name 'Byron Young'; give the ID: " in answer.err
    assert "(DL, Alabama, 2023)" in answer.err


def test_nobody_is_no_error(dq: Dq, league_dsn: str) -> None:
    answer = dq("person", "search", "zzzzzz", dsn=league_dsn)
    assert (answer.code, answer.out, answer.err) == (0, "", "No name has words that begin with 'zzzzzz'.\n")
    assert dq("person", "search", "--season", "1950", dsn=league_dsn).err == "No players found.\n"


@pytest.mark.parametrize("command", [("person", "search"), ("picks", "list", "--q"), ("picks", "list", "--name"), ("person", "show")])
def test_a_misspelt_name_is_answered_with_the_nearest_one(dq: Dq, league_dsn: str, command: tuple[str, ...]) -> None:
    [first, *_] = dq("picks", "list", "--limit", "1", "--json", "--fields", "name", dsn=league_dsn).lines
    name = str(first["name"])
    answer = dq(*command, f"{name[:-1]}q", dsn=league_dsn)
    assert "Did you mean " in answer.err
    assert f'"{name}"' in answer.err


def test_a_name_that_other_options_leave_out_is_not_called_misspelt(dq: Dq, league_dsn: str) -> None:
    [first, *_] = dq("picks", "list", "--sort=-season", "--limit", "1", "--json", "--fields", "name", dsn=league_dsn).lines
    for option in ("--q", "--name"):
        answer = dq("picks", "list", option, str(first["name"]), "--season", "1980", dsn=league_dsn)
        assert answer.err.startswith("0 rows.\nSynthetic league")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["show", "999999999"], 1, "No person has the ID 999999999."),
        (["show", "0"], 2, "must be at least 1"),
        (["show", "abcxyz"], 2, "No person has the name 'abcxyz'. Look for parts of a name with: dq person search TEXT"),
        (["search", "..."], 2, "TEXT: must contain a letter or a digit"),
        (["search", ""], 2, "TEXT: must have at least 1 character."),
        (["search", "a", "--college", "hogwarts"], 2, "--college: Unknown college 'hogwarts'"),
    ],
)
def test_wrong_questions_are_answered_in_a_sentence(dq: Dq, league_dsn: str, arguments: list[str], code: int, complaint: str) -> None:
    answer = dq("person", *arguments, dsn=league_dsn)
    assert answer.code == code
    assert complaint in answer.err


def test_data_cannot_steer_the_terminal(dq: Dq, league: str) -> None:
    async def poison() -> int:
        connection = await asyncpg.connect(league)
        person_id = await connection.fetchval(
            "update person set name = E'\\x1b[31mred [bold]x[/bold]' where person_id = 1 returning person_id"
        )
        await connection.close()
        return int(person_id)

    answer = dq("person", "show", str(asyncio.run(poison())), dsn=league)
    assert "\x1b" not in answer.out
    assert "�[31mred [bold]x[/bold]" in answer.out


def test_the_ledger_is_listed_and_a_load_is_shown(dq: Dq, league_dsn: str) -> None:
    runs = dq("etl", "runs", "--json", dsn=league_dsn).lines
    assert {run["dataset"] for run in runs} == set(DATASETS)
    assert [run["run_id"] for run in runs] == sorted((run["run_id"] for run in runs), key=lambda number: -int(str(number)))
    assert "loaded" in dq("etl", "runs", "--state", "loaded").out
    assert dq("etl", "runs", "--state", "failed", "--json").lines == []
    shown = dq("etl", "show", str(runs[0]["run_id"]))
    assert "merge" in shown.out
    assert "Steps" in shown.out
    assert "Synthetic league:" not in shown.err
    assert dq("etl", "show", str(runs[0]["run_id"]), "--json").value()["run"] == runs[0]


def test_a_load_that_never_was_is_a_sentence(dq: Dq, league_dsn: str) -> None:
    answer = dq("etl", "show", "999999", dsn=league_dsn)
    assert answer.code == 1
    assert "No load has the ID 999999." in answer.err
