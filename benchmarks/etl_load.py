"""Loading: a million generated rows with all checks against COPY of the same files into plain tables, and the real files."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TypedDict, cast

import asyncpg

from app.datasets import EXPECTED
from app.datasets.combine import COMBINE
from app.datasets.draft_picks import DRAFT_PICKS
from app.datasets.model import Dataset
from benchmarks.harness import CHECKOUT, Context, Result, apart
from pipeline.sources.sample.generate import write

ROWS = 1_000_000
#: Pairs of COPY and load, of whose shares the middle counts: on a shared machine one pair may be a fifth away from the next.
ROUNDS = 5
RELOADS = 5
MEGABYTE = 1 << 20
SQL_TYPES = {"integer": "integer", "number": "double precision", "text": "text", "boolean": "boolean"}


class Load(TypedDict):
    """One line of benchmarks.loader."""

    seconds: float
    states: list[str]
    errors: list[str]
    rows: int
    unchanged: int
    peak: int
    after: int
    timings: dict[str, dict[str, float]]


def run(context: Context) -> list[Result]:
    """All demands on loading."""
    folder = context.folder / "million"
    write(folder, rows=ROWS, seed=1, file_format="csv", datasets=EXPECTED)
    copies, loads, dsn = [], [], ""
    for turn in range(ROUNDS):
        copies.append(apart(lambda: asyncio.run(copy_plain(context.new_database(migrated=False), folder))))
        dsn = context.new_database()
        loads.append(timed_loads(context, dsn, folder, turn, "own")[0])
    compared = timed_loads(context, dsn, folder, ROUNDS - 1, *["compare"] * RELOADS)
    copies.append(apart(lambda: asyncio.run(copy_plain(context.new_database(migrated=False), folder))))
    known = timed_loads(context, dsn, folder, ROUNDS - 1, "load", "load")[1]
    _expect([load["rows"] == ROWS and load["states"] == ["loaded"] * 2 for load in loads], loads)
    _expect([load["unchanged"] == ROWS and load["states"] == ["unchanged"] * 2 for load in [*compared, known]], [*compared, known])
    copy = median(copies)
    detail = {"copy_seconds": copies, "loads": loads, "compared": compared, "known": known}
    growth = compared[-1]["after"] / compared[0]["after"]
    # against the middle of those before: one peak by itself is a tenth higher or lower, as the threads happen to meet
    peaks = compared[-1]["peak"] / median(load["peak"] for load in compared[:-1])
    results = [
        Result("load of 1,000,000 rows, share of COPY", 100 * median(c / x["seconds"] for c, x in zip(copies, loads, strict=False)), 30,
               unit=" %", detail=detail),
        Result("unchanged rows compared, share of COPY", 100 * copy / median(load["seconds"] for load in compared), 45, unit=" %"),
        Result("unchanged file known by checksum, against COPY", copy / known["seconds"], 8),
        Result("peak memory of a load of 1,000,000 rows", max(x["peak"] for x in [*loads, *compared]) / MEGABYTE, 600, at_least=False,
               unit=" MB"),
        Result("memory after the fifth load against the first", growth, 1.1, at_least=False),
        Result("peak memory of the fifth load against those before", peaks, 1.1, at_least=False),
    ]  # fmt: skip
    return results + _real_files(context)


def _real_files(context: Context) -> list[Result]:
    if context.real_data is None:
        return []
    dsn = context.new_database()
    first, again = timed_loads(context, dsn, context.real_data, ROUNDS, "load", "load")
    compared = timed_loads(context, dsn, context.real_data, ROUNDS, "compare")[0]
    _expect([set(first["states"]) == {"loaded"}, set(again["states"]) == {"unchanged"}], [first, again])
    return [
        Result("real files into an empty database", first["seconds"], 3, at_least=False, unit=" s", detail={"load": first}),
        Result("the same real files again", again["seconds"], 0.5, at_least=False, unit=" s"),
        Result("the same again, compared row by row", compared["seconds"], 1, at_least=False, unit=" s"),
    ]


def _expect(facts: list[bool], loads: list[Load]) -> None:
    if not all(facts):
        raise RuntimeError(f"a load did not do what is measured: {loads}")


def timed_loads(context: Context, dsn: str, folder: Path, turn: int, *modes: str) -> list[Load]:
    """Load the folder once per mode in a process of its own (benchmarks.loader); ``turn`` numbers the folder of the exports."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "benchmarks.loader", dsn, str(context.folder / f"exports-{turn}"), str(folder), *modes]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, capture_output=True, text=True, timeout=600)
    return [cast("Load", json.loads(line)) for line in done.stdout.splitlines()]


async def copy_plain(dsn: str, folder: Path) -> float:
    """Seconds for COPY of both files into tables with the files' columns and a primary key, nothing checked."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_plain_table(DRAFT_PICKS, "primary key (season, pick)"))
        # the combine file has no key of its own
        await connection.execute(_plain_table(COMBINE, "id bigint generated always as identity primary key"))
        started = time.perf_counter()
        for dataset in (DRAFT_PICKS, COMBINE):
            path = folder / f"{dataset.name}.csv"
            await connection.copy_to_table(dataset.name, source=path, columns=dataset.field_names, format="csv", header=True)
        return time.perf_counter() - started
    finally:
        await connection.close()


def _plain_table(dataset: Dataset, key: str) -> str:
    columns = ", ".join(f'"{column.name}" {SQL_TYPES[column.kind]}' for column in dataset.fields)
    return f"create table {dataset.name} ({columns}, {key})"
