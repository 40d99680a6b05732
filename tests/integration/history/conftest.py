"""A league that was loaded three times: as it is, changed, and changed again."""

from __future__ import annotations

import asyncio
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest

from pipeline.ledger import RunReport
from pipeline.options import LoadOptions
from pipeline.run import load_all
from pipeline.sources.sample.generate import generate
from pipeline.steps.extract import SYNTHETIC_MARKER
from tests.conftest import run_apart
from tests.integration.api.conftest import Api, serve
from tests.integration.cli.conftest import dq, environment

if TYPE_CHECKING:
    from tests.conftest import Server

__all__ = ["dq", "environment"]


@dataclass(frozen=True)
class Past:
    """The league: its database, the pick that changed, his person, and the rows of each load as they were read right after it."""

    dsn: str
    exports: Path
    folder: Path
    season: int
    pick: int
    person_id: int
    #: By load of the draft picks: every row of ``draft_pick`` and ``combine_entry``, without the number of the load.
    rows: dict[int, dict[str, list[str]]]

    @property
    def runs(self) -> list[int]:
        """The loads of the draft picks."""
        return sorted(self.rows)


def write(folder: Path, frames: dict[str, pl.DataFrame], date: str) -> Path:
    """Write the files of a release of that date."""
    folder.mkdir()
    (folder / SYNTHETIC_MARKER).touch()
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}_{date}.parquet")
    return folder


async def stored(dsn: str) -> dict[str, list[str]]:
    connection = await asyncpg.connect(dsn)
    try:
        return {
            table: [row[0] for row in await connection.fetch(f"select (to_jsonb(t) - 'run_id')::text from {table} t order by 1")]
            for table in ("draft_pick", "combine_entry")
        }
    finally:
        await connection.close()


def load(options: LoadOptions) -> dict[str, RunReport]:
    """Load the files; each must be loaded."""
    reports = run_apart(lambda: asyncio.run(load_all(options)))
    assert {report.error for report in reports} == {None}
    return {report.dataset: report for report in reports}


def fill(dsn: str, folder: Path) -> Past:
    """Load the three releases."""
    league = generate(rows=600, seed=5)
    picks, entries = league["draft_picks"], league["combine"]
    newest = pl.col("season") == picks["season"].max()
    [target] = picks.filter(~newest & pl.col("age").is_not_null()).tail(1).iter_rows(named=True)
    is_target = (pl.col("season") == target["season"]) & (pl.col("pick") == target["pick"])
    changed = picks.with_columns(
        games=pl.when(is_target).then(pl.col("games").fill_null(0) + 17).otherwise("games"),
        age=pl.when(is_target).then(None).otherwise("age"),
    )
    place = pl.int_range(pl.len())
    other = entries.with_columns(
        wt=pl.when(place == 7).then(pl.col("wt") + 1).otherwise("wt"),
        # another person's entry: the key of the row is another one
        player_name=pl.when(place == 3).then(pl.lit("Another Player")).otherwise("player_name"),
        pfr_id=pl.when(place == 3).then(None).otherwise("pfr_id"),
        school=pl.when(place == 3).then(None).otherwise("school"),
        draft_ovr=pl.when(place == 3).then(None).otherwise("draft_ovr"),
    )
    another = changed.with_columns(
        pfr_player_name=pl.when(is_target).then(pl.lit("Another Player")).otherwise("pfr_player_name"),
        pfr_player_id=pl.when(is_target).then(pl.lit("SynElse")).otherwise("pfr_player_id"),
    )
    releases = (
        ({"draft_picks": picks.filter(~newest), "combine": entries}, "2026-04-01"),
        ({"draft_picks": changed, "combine": other}, "2026-05-01"),
        ({"draft_picks": another, "combine": other}, "2026-06-01"),
    )
    rows: dict[int, dict[str, list[str]]] = {}
    person = 0
    for frames, date in releases:
        options = LoadOptions(dsn=dsn, exports_dir=folder / "exports", source="files", directory=write(folder / date, frames, date))
        reports = load(options)
        rows[reports["draft_picks"].run_id + 1] = run_apart(lambda: asyncio.run(stored(dsn)))
        person = person or run_apart(lambda: asyncio.run(_person(dsn, target["season"], target["pick"])))
    return Past(dsn, folder / "exports", folder, target["season"], target["pick"], person, rows)


async def _person(dsn: str, season: int, pick: int) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select person_id from draft_pick where season = $1 and pick = $2", season, pick))
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def past(server: Server, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """The league after its three loads, which the session makes once: a copy for this module."""
    made, described = server.folder / "past", server.folder / "past.pickle"

    def make(dsn: str) -> None:
        made.mkdir()
        described.write_bytes(pickle.dumps(fill(dsn, made)))

    server.once("past", make, template=migrated)
    past: Past = pickle.loads(described.read_bytes())  # noqa: S301 - written above
    folder = tmp_path_factory.mktemp("past") / "copy"
    shutil.copytree(made, folder)
    with server.new("past") as dsn:
        yield replace(past, dsn=dsn, folder=folder, exports=folder / "exports")


@pytest.fixture(scope="module")
def api(past: Past, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API over it."""
    with serve(past.dsn, tmp_path_factory.mktemp("data"), past.exports) as api:
        yield api
