"""A load that is to wait for another one."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import asyncpg
import pytest

from pipeline import decisions
from pipeline.errors import AlreadyRunning
from pipeline.lock import DECIDING, load_lock


@pytest.mark.anyio
async def test_a_lock_is_waited_for_and_not_longer_than_asked(database: str) -> None:
    holder, other = await asyncpg.connect(database), await asyncpg.connect(database)
    loop = asyncio.get_running_loop()
    try:
        async with load_lock(holder):
            started = loop.time()
            waits: list[str] = []
            with pytest.raises(AlreadyRunning) as refused:
                async with load_lock(other, wait_seconds=0.7, waiting=waits.append):
                    pass
            [said] = waits
            assert re.fullmatch(
                r"a load is already running: without an entry in the ledger, since .* UTC "
                rf"\(, process {os.getpid()} on .*, database user postgres\)",
                said,
            )
            assert f"A{said[1:]}. Wait until it ends with `dq etl run --wait 600`; " in str(refused.value), (
                "once, and the same when it is refused"
            )
            assert loop.time() - started >= 0.7

        held, ending = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with load_lock(holder):
                held.set()
                await asyncio.sleep(0.6)
                ending.set()

        holding = asyncio.create_task(hold())
        await held.wait()
        async with load_lock(other, wait_seconds=60):
            assert ending.is_set()
        await holding
    finally:
        await holder.close()
        await other.close()


@pytest.mark.anyio
async def test_a_decision_that_is_in_the_way_is_not_called_a_load(database: str) -> None:
    deciding = await asyncpg.connect(database, server_settings={"application_name": DECIDING})
    other = await asyncpg.connect(database)
    try:
        async with load_lock(deciding):
            with pytest.raises(AlreadyRunning) as refused:
                async with load_lock(other):
                    pass
    finally:
        await deciding.close()
        await other.close()
    assert re.match(
        rf"Another process holds the load lock: a decision of dq identity, since .* UTC \({DECIDING}, process {os.getpid()} on ",
        str(refused.value),
    )


@pytest.mark.anyio
async def test_a_decision_that_is_refused_is_not_advised_to_load(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 0.1)
    holder = await asyncpg.connect(database)
    try:
        async with load_lock(holder):
            with pytest.raises(AlreadyRunning, match="Decide again when it has ended") as refused:
                async with decisions.deciding(database, tmp_path):
                    pass
    finally:
        await holder.close()
    assert "--wait" not in str(refused.value)
