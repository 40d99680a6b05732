"""The load at the start: what is missing, and what another process is loading."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.settings import Settings
from cli.serve.first_load import load
from cli.serve.state import read_state
from pipeline.lock import LOAD_LOCK_KEY

pytestmark = pytest.mark.anyio


def settings(dsn: str, folder: Path) -> Settings:
    return Settings(database_url=dsn, data_dir=folder, source_base_url="http://127.0.0.1:9", sample_rows=200)


async def say_in_database(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_real_data_in_place_of_a_league_are_not_complete(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after an interruption between the two datasets of the first real load."""
    assert await load(settings(database, tmp_path), None, keep=None)
    assert not (await read_state(database)).missing
    await say_in_database(
        database, "update dataset set synthetic = false", "update dataset set row_count = 0, checksum = '' where dataset = 'combine'"
    )
    state = await read_state(database)
    assert state.missing == ("combine",)
    assert state.wants_data
    capsys.readouterr()
    assert await load(settings(database, tmp_path), None, keep="real data")
    assert "the existing real data is kept.\ncombine can be loaded from files: dq etl run --from DIR\n" in capsys.readouterr().out


async def test_a_load_of_another_process_is_waited_for(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = await asyncpg.connect(database)
    await other.execute("select pg_advisory_lock($1)", LOAD_LOCK_KEY)
    ours = asyncio.create_task(load(settings(database, tmp_path), None, keep=None))
    said = ""
    async with asyncio.timeout(60):
        while "Another process is loading" not in said:
            await asyncio.sleep(0.05)
            said += capsys.readouterr().out
        assert "already running" not in said
        assert "not available now" not in said
        await other.close()
        assert await ours
    assert "combine: loaded" in capsys.readouterr().out


async def test_what_another_process_has_loaded_meanwhile_stays(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await load(settings(database, tmp_path), None, keep=None)
    capsys.readouterr()
    assert await load(settings(database, tmp_path), None, keep=None)
    said = capsys.readouterr().out
    assert "what another process has loaded meanwhile is kept" in said
    assert "synthetic league" not in said


async def test_pick_values_alone_do_not_keep_a_league_out(database: str) -> None:
    """They are true of any league, so that neither real nor synthetic data are there because of them."""
    for synthetic in ("false", "true"):
        await say_in_database(
            database,
            "delete from dataset",
            "insert into dataset (dataset, version, row_count, synthetic, checksum, run_id)"
            f" values ('pick_values', 1, 250, {synthetic}, 'a', 1)",
        )
        state = await read_state(database)
        assert (state.real, state.synthetic, state.missing) == (False, False, ("draft_picks", "combine"))
