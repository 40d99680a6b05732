"""What ``dq etl`` says when a load does less than was expected, or nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import asyncpg
import pytest

from pipeline.sources.sample import generate as sample
from tests.integration.cli.conftest import Dq
from tests.support.held_load import until_nobody_loads, writing_held_up
from tests.support.waiting import PATIENCE


def test_a_folder_with_a_part_of_the_files_loads_it_and_says_what_is_missing(
    dq: Dq, environment: pytest.MonkeyPatch, database: str, tmp_path: Path
) -> None:
    environment.delenv("DQ_COMMAND", raising=False)
    files = tmp_path / "files"
    files.mkdir()
    sample.write(files, 600, 5, "csv")
    for path in files.glob("*.csv"):
        if path.stem != "combine":
            path.unlink()
    answer = dq("etl", "run", "--from", str(files), "--json", dsn=database)
    assert answer.code == 0, answer.err
    assert [(line["dataset"], line["state"]) for line in answer.lines] == [("combine", "loaded")]
    [said] = [line for line in answer.err.splitlines() if line.startswith("draft_picks: ")]
    assert f"{files} has no draft_picks.csv, .csv.gz or .parquet" in said
    assert said.endswith("load the public one: dq etl run --dataset draft_picks")


def test_a_load_that_is_in_the_way_is_named(dq: Dq, dq_process: Callable[..., Popen[str]], database: str) -> None:
    with writing_held_up(database) as wait_for_a_writer:
        process = dq_process("etl", "run", "--sample", "--rows", "600", dsn=database)
        wait_for_a_writer()
        answer = dq("etl", "run", "--sample", "--rows", "600", dsn=database)
        [first] = dq("etl", "runs", "--dataset", "draft_picks", "--json", dsn=database).lines
        process.kill()
        process.communicate(timeout=PATIENCE)
    until_nobody_loads(database)
    started = str(first["started_at"])[:19].replace("T", " ")
    assert answer.code == 1
    holder = f"draft-queen pipeline, process {process.pid} on {socket.gethostname()}"[:63]
    expected = f"load {first['run_id']}, started by dq etl run at {started} UTC ({holder}, database user postgres)."
    assert f"A load is already running: {expected}" in answer.err
    assert "--wait 600" in answer.err


def test_a_failed_load_is_shown_with_its_reason_first(dq: Dq, database: str) -> None:
    async def fail() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("""
            with failed as (
                insert into load_run (source, dataset, trigger, state, step, error)
                values ('combine', 'combine', 'command', 'failed', 'validate', 'Too many heights are gone.') returning run_id
            )
            insert into quality_issue (run_id, dataset, severity, rule, message)
            select run_id, 'combine', severity, 'rule', severity || ' ' || number from failed,
                (select 'info' as severity, generate_series(1, 210) as number union all select 'error', 0) issues""")
        await connection.close()

    asyncio.run(fail())
    answer = dq("etl", "show", "1", dsn=database)
    lines = answer.out.splitlines()
    assert [" ".join(line.split()) for line in lines[:3]] == ["run_id 1", "state failed", "error Too many heights are gone."]
    issues = lines[next(number for number, line in enumerate(lines) if line.split()[:2] == ["severity", "rule"]) + 1 :]
    assert [line.split()[0] for line in issues[:2]] == ["error", "info"]
    assert "200 of 211 shown" in answer.err


def test_a_data_set_is_found_by_either_spelling(dq: Dq, league_dsn: str) -> None:
    answers = [dq("list", name, "--limit", "3", "--json", dsn=league_dsn) for name in ("pick-values", "pick_values")]
    assert answers[0].code == 0
    assert answers[0] == answers[1]
    assert dq("aggregate", "draft_picks", "--json").code == 0
    assert "No such command 'pick_prices'" in dq("list", "pick_prices").err
