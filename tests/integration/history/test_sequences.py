"""After these sequences of loads, every load can be read as it was, and taken back to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import polars as pl
import pytest
from sqlalchemy import select

from app.db.statements import compile_statement
from app.listing.past import AS_OF, rows_as_of
from pipeline.options import LoadOptions
from pipeline.rollback import plan_rollback
from pipeline.run import load_all
from pipeline.sources.sample.generate import generate
from tests.integration.history.conftest import write

if TYPE_CHECKING:
    from tests.conftest import Server

DATA_SETS = ("draft_picks", "combine")
AS_OF_LOAD = {name: compile_statement(select(rows_as_of(name))) for name in DATA_SETS}
#: A release, loaded with --older and with --replace or without; or the load to take back, counted from the last one.
Step = tuple[int, bool, bool] | int


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four releases of a small league: an old one, as it is, with other people and values, and without a class and some values."""
    league = generate(rows=300, seed=5)
    picks, entries = league["draft_picks"], league["combine"]
    old, place = pl.col("season") < 2014, pl.int_range(pl.len())
    other = (
        picks.with_columns(
            pfr_player_name=pl.when(place % 40 == 7).then(pl.lit("Another Player")).otherwise("pfr_player_name"),
            pfr_player_id=pl.when(place % 40 == 7).then(None).otherwise("pfr_player_id"),
            games=pl.when(place % 3 == 0).then(pl.col("games").fill_null(0) + 1).otherwise("games"),
        ),
        entries.with_columns(
            player_name=pl.when(place == 3).then(pl.lit("Another Entry")).otherwise("player_name"),
            pfr_id=pl.when(place % 20 == 3).then(None).otherwise("pfr_id"),
        ),
    )
    less = (
        picks.filter(pl.col("season") != 2015).with_columns(age=pl.lit(None, pl.Int32), team=pl.col("team").shift(1, fill_value="KAN")),
        entries.filter(place % 10 != 0),
    )
    folder = tmp_path_factory.mktemp("releases")
    return [
        write(folder / str(number), dict(zip(DATA_SETS, frames, strict=True)), f"2026-0{number + 1}-01")
        for number, frames in enumerate(((picks.filter(old), entries.filter(old)), (picks, entries), other, less))
    ]


class Known:
    """A database, and the rows of each data set after each of its loads, as they were read then."""

    def __init__(self, dsn: str, exports: Path) -> None:
        self.dsn, self.exports = dsn, exports
        self.rows: dict[str, dict[int, list[str]]] = {name: {} for name in DATA_SETS}

    async def load(self, folder: Path, *, older: bool, replace: bool) -> None:
        """Load a release; what is refused changes nothing."""
        options = LoadOptions(self.dsn, self.exports, "files", folder, older=older, replace=replace, accept_gap=True, joined=False)
        for report in await load_all(options):
            if report.state == "loaded":
                self.rows[report.dataset][report.run_id] = await self.as_of(report.dataset, report.run_id)

    async def take_back(self, number: int) -> None:
        """Take a load back, the last one, the one before it, and so on; the rows must be those of the load before it."""
        runs = sorted((run, name) for name, rows in self.rows.items() for run in list(rows)[1:])
        if not runs:
            return
        run, name = runs[-number % len(runs)]
        to_run = (await plan_rollback(self.dsn, run)).to_run
        options = LoadOptions(
            self.dsn, self.exports, "past", to_run=to_run, datasets=(name,), trigger="rollback", force=True, replace=True, joined=False
        )
        [report] = await load_all(options)
        assert report.error is None
        rows = await self.as_of(name, report.run_id)
        before = max(each for each in self.rows[name] if each < run)
        assert without_ids(rows) == without_ids(self.rows[name][before])
        if report.state == "loaded":
            self.rows[name][report.run_id] = rows

    async def as_of(self, dataset: str, run: int) -> list[str]:
        """Return the rows as of a load."""
        connection = await asyncpg.connect(self.dsn)
        try:
            statement = AS_OF_LOAD[dataset]
            rows = await connection.fetch(statement.sql, *statement.arguments({AS_OF: run}))
        finally:
            await connection.close()
        return sorted(json.dumps(dict(row)) for row in rows)


def without_ids(rows: list[str]) -> list[str]:
    """Return rows without the load that wrote them, and without the person, who comes back under another id."""
    return sorted(json.dumps({**json.loads(row), "person_id": None, "run_id": None}) for row in rows)


@pytest.mark.parametrize(
    "steps",
    [
        [(0, False, False), (0, False, False)],
        [(1, False, False), (0, True, True), 1, 3],
        [(3, True, True), (0, True, True), 1],  # back to rows with a gap, which the present ones do not have
        [2, 4, 5, (1, False, True), (3, True, True), 5],
    ],
)
def test_every_load_can_be_read_and_taken_back_to(server: Server, migrated: str, releases: list[Path], steps: list[Step]) -> None:
    async def check(dsn: str) -> None:
        known = Known(dsn, releases[0].parent / "exports")
        for step in [(0, False, False), *steps]:
            if isinstance(step, tuple):
                release, older, replace = step
                await known.load(releases[release], older=older, replace=replace)
            else:
                await known.take_back(step)
        for name, loads in known.rows.items():
            for run, rows in loads.items():
                assert await known.as_of(name, run) == rows, f"{name} as of {run}"

    with server.new(migrated) as dsn:
        asyncio.run(check(dsn))
