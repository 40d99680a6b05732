"""Loads into a schema with more columns than this code knows, as after a rollback to it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import asyncpg

from tests.integration.history.conftest import stored

if TYPE_CHECKING:
    import pytest

    from tests.integration.cli.conftest import Dq
    from tests.integration.history.conftest import Past

TABLES = """
select format('%I', relname) from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace and relname !~ '^(pgqueuer|alembic_version$)'
"""
#: What `make deploy` lets through: columns that old code does not write.
ADDED = "add column aaa_later text, add column later integer not null default 7"


async def add_to_every_table(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        for table in tables:
            await connection.execute(f"alter table {table} {ADDED}")
        await connection.execute("create table later (person_id bigint references person on delete cascade)")
        return len(tables)
    finally:
        await connection.close()


def known(rows: list[str]) -> list[str]:
    """Rows as the older code knows them, without the person: one that had gone comes back under another id."""
    return sorted(json.dumps(json.loads(row) | {"person_id": 0, "aaa_later": None, "later": 7}, sort_keys=True) for row in rows)


def test_rollbacks_and_loads_of_the_older_release_go_on(dq: Dq, past: Past, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EXPORTS_DIR", str(past.exports))
    assert asyncio.run(add_to_every_table(past.dsn)) > 15
    done = dq("etl", "rollback", str(past.runs[1] - 1), "--yes", dsn=past.dsn)
    assert done.code == 0, done.err
    assert known(asyncio.run(stored(past.dsn))["draft_pick"]) == known(past.rows[past.runs[0]]["draft_pick"])
    loaded = dq("etl", "run", "--from", str(past.folder / "2026-06-01"), "--force", "--json")
    assert {line["dataset"]: line["state"] for line in loaded.lines} == {"draft_picks": "loaded", "combine": "unchanged"}
    assert known(asyncio.run(stored(past.dsn))["draft_pick"]) == known(past.rows[past.runs[2]]["draft_pick"])
