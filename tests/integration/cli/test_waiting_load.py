"""``dq etl run --wait`` when the database goes away while it waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import asyncpg

from pipeline.lock import load_lock

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Dq

TRIES = "from pg_stat_activity where application_name = 'draft-queen pipeline' and query ~ 'try_advisory'"


async def hold_until_another_waits(dsn: str, held: Event) -> None:
    """Hold the lock, and end the session of the load that waits for it at its second try: after the first one it says that it waits."""
    connection = await asyncpg.connect(dsn)
    try:
        async with load_lock(connection):
            held.set()
            async with asyncio.timeout(60):
                while (first := await connection.fetchval(f"select query_start {TRIES}")) is None:
                    await connection.execute("select pg_sleep(0.05)")
                while not await connection.fetch(f"select pg_terminate_backend(pid) {TRIES} and query_start > $1", first):
                    await connection.execute("select pg_sleep(0.05)")
    finally:
        await connection.close()


def test_a_waiting_load_reports_a_lost_connection(dq: Dq, database: str) -> None:
    held = Event()
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(lambda: asyncio.run(hold_until_another_waits(database, held)))
        assert held.wait(60)
        ended = dq("etl", "run", "--sample", "--wait", "50", dsn=database)
        other.result(60)
    assert (ended.code, ended.out) == (1, "")
    waits, lost = ended.err.splitlines()
    assert waits.startswith("waiting: a load is already running: without an entry in the ledger, since ")
    assert lost == "Error: The connection to the database was lost. Load again when the database is back."
