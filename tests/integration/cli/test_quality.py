"""``dq quality``: the report, and acknowledgements that outlive the loads which find the same again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import polars as pl

from pipeline.sources.sample import generate as sample

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.cli.conftest import Dq


def test_what_is_accepted_stays_accepted_load_after_load(dq: Dq, database: str, tmp_path: Path) -> None:
    sample.write(tmp_path, 600, 5, "csv")
    run = ("etl", "run", "--from", str(tmp_path), "--dataset", "draft_picks", "--dataset", "combine")
    assert dq(*run, dsn=database).code == 0
    findings = dq("quality", "findings", "--json", "--all", "--fields", "*").lines
    assert len({finding["issue_id"] for finding in findings}) == len(findings) > 5
    assert {finding["acknowledged"] for finding in findings} == {False}
    first, other = findings[0], findings[1]

    answer = dq("quality", "acknowledge", str(first["issue_id"]), "--reason", " seen ", "--by", "anna")
    assert (answer.code, answer.err) == (0, f"Acknowledged: {first['message']}\n")
    assert dq(*run, "--force").code == 0
    [accepted] = dq("quality", "findings", "--acknowledged", "--json", "--fields", "*").lines
    assert accepted["issue_id"] != first["issue_id"]
    assert (accepted["message"], accepted["reason"], accepted["acknowledged_by"]) == (first["message"], "seen", "anna")
    assert accepted["acknowledged_at"]
    assert len(dq("quality", "findings", "--json", "--all").lines) == len(findings), "nothing is said twice"
    # a number from before the load still means the same, and a second reason replaces the first
    assert dq("quality", "acknowledge", str(first["issue_id"]), str(other["issue_id"]), "--reason", "both").code == 0
    assert [each["reason"] for each in dq("quality", "findings", "--acknowledged", "--json", "--fields", "reason").lines] == ["both"] * 2

    unknown = dq("quality", "acknowledge", str(first["issue_id"]), "999999", "--reason", "all")
    assert (unknown.code, "No finding that holds now has the ID 999999." in unknown.err) == (1, True)
    for reason in ("", " ", "x" * 101):
        assert dq("quality", "acknowledge", str(first["issue_id"]), "--reason", reason).code == 2
    assert {each["reason"] for each in dq("quality", "findings", "--acknowledged", "--json", "--fields", "reason").lines} == {"both"}

    # an acknowledgement can be taken back, by any number that says the same; everything that was decided stays on record
    back = dq("quality", "withdraw", str(first["issue_id"]), "--reason", "not after all", "--by", "bert")
    assert (back.code, back.err) == (0, f"Open again: {first['message']}\n")
    [kept] = dq("quality", "findings", "--acknowledged", "--json", "--fields", "message").lines
    assert kept["message"] == other["message"]
    again = dq("quality", "withdraw", str(other["issue_id"]), str(first["issue_id"]), "--reason", "twice")
    assert (again.code, f"No acknowledged finding has the ID {first['issue_id']}." in again.err) == (1, True)
    assert len(dq("quality", "findings", "--acknowledged", "--json").lines) == 1, "none of them was withdrawn"
    decided = dq("quality", "decisions", "--json", "--sort", "decision_id", "--fields", "*").lines
    assert [(each["kind"], each["reason"]) for each in decided] == [
        ("acknowledge", "seen"),
        ("acknowledge", "both"),
        ("acknowledge", "both"),
        ("withdraw", "not after all"),
    ]
    assert [(each["decided_by"], each["entity"], bool(each["decided_at"])) for each in (decided[0], decided[3])] == [
        ("anna", first["entity"], True),
        ("bert", first["entity"], True),
    ]


def test_an_acknowledgement_by_an_older_release_is_a_decision_too(dq: Dq, league: str) -> None:
    """One that knows no decisions may go on working after the migration."""

    async def acknowledge() -> None:
        connection = await asyncpg.connect(league)
        says = "dataset, rule, season, entity, field, value"
        await connection.execute(
            f"insert into quality_acknowledgement ({says}, reason, acknowledged_by)"
            f" select distinct {says}, 'seen', 'carl' from quality_issue where issue_id = $1",
            issue["issue_id"],
        )
        await connection.close()

    issue = dq("quality", "findings", "--json", dsn=league).lines[0]
    asyncio.run(acknowledge())
    shown = ("quality", "decisions", "--json", "--fields", "kind,reason,decided_by,decision_id")
    [only] = dq(*shown).lines
    assert only == {"kind": "acknowledge", "reason": "seen", "decided_by": "carl", "decision_id": -1}
    assert dq("quality", "withdraw", str(issue["issue_id"]), "--reason", "not after all", "--by", "bert").code == 0
    assert [(each["kind"], each["decided_by"]) for each in dq(*shown).lines] == [("withdraw", "bert"), ("acknowledge", "carl")]


def test_what_no_longer_holds_closes_by_itself(dq: Dq, database: str, tmp_path: Path) -> None:
    sample.write(tmp_path, 600, 5, "csv")
    path = tmp_path / "draft_picks.csv"
    picks = pl.read_csv(path, infer_schema_length=None)
    run = ("etl", "run", "--from", str(tmp_path), "--dataset", "draft_picks")

    def rules() -> set[object]:
        found = dq("quality", "findings", "--json", "--all", "--fields", "severity,rule", dsn=database).lines
        return {each["rule"] for each in found} - {"unknown_college", "dead_column"}

    pl.concat([picks, picks.head(1)]).write_csv(path)
    assert dq(*run, dsn=database).code == 0
    assert rules() == {"repeated_row"}
    picks.filter(pl.col("season") != 2003).write_csv(path)
    assert dq(*run).code == 1
    assert rules() == {"repeated_row", "QualityGateFailed"}, "the rows are still those of the load before"
    picks.write_csv(path)
    assert dq(*run).code == 0
    assert rules() == set()


def test_the_report_has_a_bar_for_each_season(dq: Dq, league_dsn: str) -> None:
    answer = dq("quality", "report", "--dataset", "combine", dsn=league_dsn)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert "Findings" in lines[0]
    [forty] = (line.split() for line in lines if line.startswith("forty "))
    assert len(forty[4]) == 27
    assert set(forty[4]) <= set("·▁▂▃▄▅▆▇█")
    assert "open finding" in answer.err
    value = dq("quality", "report", "--dataset", "players", "--json", dsn=league_dsn).value()
    assert {each["season"] for each in value["completeness"]} == {None}  # type: ignore[attr-defined]
    assert set(value) == {"findings", "completeness"}
    assert dq("quality", "report", dsn=league_dsn).code == 0


def test_a_dry_run_says_what_it_would_do(dq: Dq, database: str) -> None:
    answer = dq("etl", "run", "--sample", "--rows", "600", "--dataset", "draft_picks", "--dry-run", dsn=database)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[1].split()[:4] == ["draft_picks", "loaded", "354", "354"]
    assert answer.err.splitlines()[-1] == "Dry run: nothing was written."
    assert "draft_picks: would be found: dead_column 3" in answer.err
    assert "etl show" not in answer.err
    assert dq("etl", "runs", "--json").lines == []
    assert dq("picks", "list", "--json").lines == []
