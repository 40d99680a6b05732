"""The data sets that other tests start from are what they say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.datasets import DATASETS, JOINED

if TYPE_CHECKING:
    from pathlib import Path

from tests.conftest import Server

pytestmark = pytest.mark.anyio


async def fetch_value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        value: object = await connection.fetchval(query)
    finally:
        await connection.close()
    return value


def count_exports(folder: Path) -> int:
    return len([*folder.glob("*.csv"), *folder.glob("*.parquet")])


async def test_league_is_synthetic_and_read_only(league_dsn: str, league_exports: Path) -> None:
    assert await fetch_value(league_dsn, "select (select count(*) from draft_pick) + (select count(*) from combine_entry)") == 3000
    assert await fetch_value(league_dsn, "select bool_and(synthetic) from dataset") is True
    assert count_exports(league_exports) == 2 * len({**DATASETS, **JOINED})  # CSV and Parquet
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await fetch_value(league_dsn, "delete from draft_pick")


async def test_copy_of_the_league_can_be_changed(league: str, league_dsn: str) -> None:
    await fetch_value(league, "delete from draft_pick")
    assert await fetch_value(league, "select count(*) from draft_pick") == 0
    assert await fetch_value(league_dsn, "select count(*) from draft_pick") != 0


@pytest.mark.real_data
async def test_real_data_is_loaded(real_dsn: str, real_exports: Path) -> None:
    assert await fetch_value(real_dsn, "select count(*) from draft_pick") == 12_927
    assert await fetch_value(real_dsn, "select count(*) from combine_entry") == 8_968
    assert await fetch_value(real_dsn, "select bool_or(synthetic) from dataset") is False
    assert count_exports(real_exports) == 2 * len({**DATASETS, **JOINED})  # as Parquet and CSV


async def test_databases_of_two_tests_are_not_the_same(database: str, empty_database: str) -> None:
    await fetch_value(database, "insert into position values ('QB', 'QB', 'QB', 'O')")
    assert await fetch_value(empty_database, "select to_regclass('position')") is None


@pytest.mark.slow
async def test_a_database_is_copied_as_soon_as_nobody_is_connected_to_it(server: Server) -> None:
    """PostgreSQL itself waits for five seconds; a test beside may need longer."""
    with server.new() as dsn:
        connection = await asyncpg.connect(dsn)
        leaving = asyncio.get_running_loop().call_later(6, connection.terminate)
        await asyncio.to_thread(_copy, server, dsn.partition("@/")[2].partition("?")[0])
        assert connection.is_closed()
        leaving.cancel()


def _copy(server: Server, name: str) -> None:
    with server.new(name):
        pass
