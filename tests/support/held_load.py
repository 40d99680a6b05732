"""A load that cannot get on, so that it is in the middle of its work when a test stops, kills or looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from tests.support.waiting import until

_WAITS = """
    select exists (
        select from pg_locks
        where not granted and database = (select oid from pg_database where datname = current_database())
            and relation = $1::text::regclass
    )
"""
_LOADS = """
    select exists (
        select from pg_locks
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
    )
"""


@contextmanager
def writing_held_up(dsn: str, table: str = "draft_pick") -> Iterator[Callable[[], None]]:
    """Within the block no other process can write to the table; yields a function that waits until one tries to."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(dsn))
        try:
            runner.run(connection.execute(f"begin; lock table {table} in share mode"))

            def wait_for_a_writer() -> None:
                until(lambda: runner.run(connection.fetchval(_WAITS, table)), lambda: f"no process tries to write to {table}")

            yield wait_for_a_writer
        finally:
            runner.run(connection.close())


def until_nobody_loads(dsn: str) -> None:
    """PostgreSQL notices that a client has died when it next writes to it, and keeps the lock of its load until then."""

    async def somebody_loads() -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            return bool(await connection.fetchval(_LOADS))
        finally:
            await connection.close()

    until(lambda: not asyncio.run(somebody_loads()), lambda: "the lock of a dead process is still held")
