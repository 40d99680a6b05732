"""Taking a load back."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import asyncpg
import pytest

from pipeline.errors import Refused
from pipeline.options import LoadOptions
from pipeline.rollback import plan_rollback
from tests.integration.history.conftest import load, stored

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.cli.conftest import Dq
    from tests.integration.history.conftest import Past


def ask(dsn: str, query: str) -> list[tuple[object, ...]]:
    async def fetch() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def without_people(rows: list[str]) -> list[str]:
    """Rows without the person: one that had gone comes back under another id."""
    return sorted(json.dumps({**json.loads(row), "person_id": None}, sort_keys=True) for row in rows)


def test_a_load_is_taken_back_and_stays_taken_back(dq: Dq, past: Past, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EXPORTS_DIR", str(past.exports))
    second, third = (run - 1 for run in past.runs[1:])
    shown = dq("etl", "rollback", str(second), dsn=past.dsn)
    assert (shown.code, f"To do it: dq etl rollback {second} --yes" in shown.err) == (2, True)
    facts = dict(line.rsplit("  ", 1) for line in shown.out.splitlines() if "  " in line)
    assert {name.strip(): value for name, value in facts.items()} == {
        "loads undone": f"{second}, {third}",
        "rows that come back": "0",
        "rows that change": "1",
        "rows that go": str(len(past.rows[past.runs[1]]["draft_pick"]) - len(past.rows[past.runs[0]]["draft_pick"])),
    }
    assert asyncio.run(stored(past.dsn)) == past.rows[past.runs[2]], "nothing was changed"

    done = dq("etl", "rollback", str(second), "--yes", "--json")
    assert done.code == 0, done.err
    plan, report = done.lines
    assert (plan["undone"], report["state"], report["location"]) == ([second, third], "loaded", f"rows as of load {second - 1}")
    rows = asyncio.run(stored(past.dsn))
    assert without_people(rows["draft_pick"]) == without_people(past.rows[past.runs[0]]["draft_pick"])
    assert rows["combine_entry"] == past.rows[past.runs[2]]["combine_entry"]
    assert ask(past.dsn, "select trigger, dataset, state from load_run order by run_id desc limit 1") == [
        ("rollback", "draft_picks", "loaded")
    ]
    lost = "select count(*) from draft_pick d where not exists (select from person p where p.person_id = d.person_id)"
    assert ask(past.dsn, lost) == [(0,)]
    # what it undid is still on record
    assert len(dq("picks", "list", "--as-of", str(third), "--all", "--json").lines) == len(past.rows[past.runs[2]]["draft_pick"])

    again = LoadOptions(
        dsn=past.dsn, exports_dir=past.exports, source="files", directory=past.folder / "2026-06-01", datasets=("draft_picks",)
    )
    assert load(again)["draft_picks"].state == "unchanged", "the file that was taken back"
    assert asyncio.run(stored(past.dsn)) == rows
    forced = dq("etl", "run", "--from", str(past.folder / "2026-06-01"), "--dataset", "draft_picks", "--force", "--json")
    assert forced.code == 0, forced.err
    assert without_people(asyncio.run(stored(past.dsn))["draft_pick"]) == without_people(past.rows[past.runs[2]]["draft_pick"])


def test_what_cannot_be_taken_back_is_said(dq: Dq, past: Past) -> None:
    first = past.runs[0] - 1
    for run, words in (
        (str(first), f"Before load {first}, no rows of the draft picks are on record."),
        ("99999", "There is no load 99999."),
        (str(past.runs[2]), "of the combine results changed nothing; its state is unchanged."),
    ):
        refused = dq("etl", "rollback", run, "--yes", dsn=past.dsn)
        assert (refused.code, words in refused.err) == (1, True), refused.err


def test_loads_from_before_another_league_are_not_taken_back(database: str, tmp_path: Path) -> None:
    for seed in (1, 2):
        options = LoadOptions(
            database, tmp_path, "sample", sample_rows=300, sample_seed=seed, datasets=("draft_picks", "combine"), joined=False
        )
        load(options)
    with pytest.raises(
        Refused, match=r"Load 3 put other data in the place of all earlier rows, and did not keep them\. To have them back,"
    ):
        asyncio.run(plan_rollback(database, 1))
