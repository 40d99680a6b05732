"""A load that is doubled, killed, stopped or loses its database leaves either everything or nothing."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from app.datasets import JOINED
from app.exports.notes import read_note
from pipeline.errors import AlreadyRunning
from pipeline.lock import load_lock
from pipeline.run import load_all
from pipeline.steps import export, overlap, persons
from pipeline.steps.copying import copy_frame
from tests.conftest import run_apart
from tests.integration.pipeline.conftest import Loader, Writer
from tests.support.held_load import until_nobody_loads, writing_held_up
from tests.support.waiting import until

CHECKOUT = Path(__file__).resolve().parents[3]

#: Loads a folder in a process of its own and waits inside the transaction of the second data set, just before it commits.
SLOW_LOAD = """
import asyncio, sys, time
from pathlib import Path
from pipeline.options import LoadOptions
from pipeline.run import load_all

def progress(dataset, step, done, total):
    if (dataset, step) == ("combine", "commit"):
        Path(sys.argv[3]).touch()
        time.sleep(600)

options = LoadOptions(dsn=sys.argv[1], exports_dir=Path(sys.argv[3]).parent / "exports", source="files", directory=Path(sys.argv[2]))
asyncio.run(load_all(options, progress))
"""


def _start_slow_load(load: Loader, directory: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    reached = tmp_path / "reached"
    process = subprocess.Popen([sys.executable, "-c", SLOW_LOAD, load.dsn, str(directory), str(reached)], cwd=CHECKOUT)
    until(lambda: reached.exists() or process.poll() is not None, lambda: "the load did not get to its commit")
    assert process.poll() is None, "the load ended early"
    return process


def test_kill_minus_nine_during_a_load(load: Loader, folder: Writer, tmp_path: Path) -> None:
    directory = folder()
    process = _start_slow_load(load, directory, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until_nobody_loads(load.dsn)
    assert load.value("select count(*) from combine_entry") == 0
    picks = load.value("select count(*) from draft_pick")

    reports = load(directory)

    assert reports["draft_picks"].state == "unchanged"
    assert reports["combine"].state == "loaded"
    assert load.value("select count(*) from draft_pick") == picks
    assert load.value("select count(*) from combine_entry") == reports["combine"].rows_read
    # the ledger says what became of the killed run
    assert load.value("select count(*) from load_run where state = 'failed' and error like 'The load process ended early%'") == 1
    assert load.value("select count(*) from load_run where state = 'running'") == 0


#: Loads a folder in a process of its own, which kills itself after the last commit: before an export is written, or before its note is.
KILLED_LOAD = """
import asyncio, os, signal, sys
from pathlib import Path
from pipeline.options import LoadOptions, no_progress
from pipeline.run import load_all
from pipeline.steps import export

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def progress(dataset, step, done, total):
    if step == "export":
        kill()

if sys.argv[4] == "note":
    export.write_note = kill
options = LoadOptions(dsn=sys.argv[1], exports_dir=Path(sys.argv[3]), source="files", directory=Path(sys.argv[2]))
asyncio.run(load_all(options, no_progress if sys.argv[4] == "note" else progress))
"""


@pytest.mark.parametrize("point", ["export", "note"])
def test_kill_minus_nine_after_the_commit(load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], point: str) -> None:
    load(folder())
    changed = folder("changed", combine=made_up["combine"].with_columns(wt=pl.when(pl.int_range(pl.len()) < 9).then(201).otherwise("wt")))
    command = [sys.executable, "-c", KILLED_LOAD, load.dsn, str(changed), str(load.exports), point]
    assert subprocess.run(command, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
    until_nobody_loads(load.dsn)
    note, version = read_note(load.exports, "combine"), load.value("select version from dataset where dataset = 'combine'")
    assert (note is not None and note.version, version) == (1, 2), "the previous files are complete, and known not to be current"

    assert {report.state for report in load(changed).values()} == {"unchanged"}

    killed = "select state, error, dataset_version from load_run where dataset = 'combine' order by run_id"
    assert load.rows(killed)[1] == ("loaded", None, 2), "the load is kept, and on record as such"
    note = read_note(load.exports, "combine")
    assert note is not None
    weights = pl.read_parquet(load.exports / f"combine-v{note.version}.parquet")["wt"].sum()
    assert weights == load.value("select sum(wt) from combine_entry")
    assert not list(load.exports.glob("*.part"))


def test_a_killed_load_holds_nobody_up_until_its_statement_has_ended(load: Loader, folder: Writer, tmp_path: Path) -> None:
    """Its statement would wait for as long as somebody else holds the table."""
    directory = folder()
    command = [sys.executable, "-m", "cli.main", "etl", "run", "--from", str(directory)]
    settings = {"DATABASE_URL": load.dsn, "DATA_DIR": str(tmp_path / "data")}
    with writing_held_up(load.dsn) as wait_for_a_writer:
        process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        wait_for_a_writer()
        process.send_signal(signal.SIGKILL)
        process.wait()
        until_nobody_loads(load.dsn)


def test_two_loads_at_once(load: Loader, folder: Writer, tmp_path: Path) -> None:
    directory = folder()
    process = _start_slow_load(load, directory, tmp_path)
    try:
        with pytest.raises(AlreadyRunning, match="already running"):
            load(directory)
    finally:
        process.kill()
        process.wait()


def test_the_lock_is_given_back(load: Loader) -> None:
    async def twice() -> None:
        connection = await asyncpg.connect(load.dsn)
        try:
            for _ in range(2):
                async with load_lock(connection):
                    pass
        finally:
            await connection.close()

    asyncio.run(twice())


def test_cancelled_load_rolls_back_and_is_on_record(load: Loader, folder: Writer) -> None:
    directory = folder()

    async def cancelled() -> None:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def progress(dataset: str, step: str, _done: int, _total: int | None) -> None:
            if (dataset, step) == ("draft_picks", "match"):
                loop.call_soon_threadsafe(started.set)

        task = asyncio.create_task(load_all(load.options(directory), progress))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert load.value("select count(*) from draft_pick") == 0
    # the data set that was being loaded, and the one that was still to come
    stopped = "select dataset from load_run where state = 'failed' and error like 'The load was stopped%' order by 1 desc"
    assert load.rows(stopped) == [("draft_picks",), ("combine",)]
    assert load(directory)["draft_picks"].state == "loaded"


def test_what_is_committed_is_on_record_as_loaded_whatever_comes_after(load: Loader, folder: Writer) -> None:
    directory = folder()

    async def cancelled() -> None:
        def progress(dataset: str, step: str, _done: int, _total: int | None) -> None:
            if (dataset, step) == ("draft_picks", "analyze"):
                task.cancel()

        task = asyncio.create_task(load_all(load.options(directory), progress))
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    picks = load.value("select count(*) from draft_pick")
    assert picks == load.value("select row_count from dataset where dataset = 'draft_picks'") != 0
    assert load.rows("select dataset, state from load_run order by run_id") == [("draft_picks", "loaded"), ("combine", "failed")]


def test_database_goes_away_during_a_load(load: Loader, folder: Writer) -> None:
    directory = folder()

    async def cut() -> None:
        connection = await asyncpg.connect(load.dsn)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'draft-queen pipeline, process %'"
            " and datname = current_database()"
        )
        await connection.close()

    def progress(dataset: str, step: str, _done: int, _total: int | None) -> None:
        if (dataset, step) == ("draft_picks", "match"):
            run_apart(lambda: asyncio.run(cut()))  # the load goes on when it is done, not beside it

    errors = [str(report.error) for report in asyncio.run(load_all(load.options(directory), progress))]
    assert errors[0].startswith("The connection to the database was lost")
    assert load.value("select count(*) from draft_pick") == 0
    assert load(directory)["draft_picks"].state == "loaded"


def test_a_server_that_goes_while_it_takes_nothing_is_noticed(load: Loader) -> None:
    """It has been sent more than it takes, which is what the driver waits for: a lock keeps it from reading."""
    frame = pl.DataFrame({"line": ["x" * 100] * 200_000})

    async def severed() -> None:
        copying, locking = [await asyncpg.connect(load.dsn) for _ in range(2)]
        try:
            await locking.execute("create table line (line text)")
            lock = locking.transaction()
            await lock.start()
            await locking.execute("lock table line in access exclusive mode")
            task = asyncio.create_task(copy_frame(copying, "line", frame))
            await asyncio.sleep(1)
            assert not task.done()
            await locking.execute("select pg_terminate_backend($1)", copying.get_server_pid())
            with pytest.raises((ConnectionError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)):
                await asyncio.wait_for(task, 10)
        finally:
            copying.terminate()
            await locking.close()

    asyncio.run(severed())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_room_for_the_exports(load: Loader, folder: Writer) -> None:
    directory = folder()
    load.exports.mkdir()
    # every write to these names fails as on a full disk
    for dataset in ("draft_picks", "combine"):
        for kind in ("parquet", "csv"):
            (load.exports / f"{dataset}-v1.{kind}.{os.getpid()}.part").symlink_to("/dev/full")
    assert {report.state for report in load(directory).values()} == {"loaded"}
    assert "disk is full" in str(load.value("select message from quality_issue where rule = 'not_exported'"))
    assert not list(load.exports.glob("*.json")), "no note names them"
    assert {report.state for report in load(directory).values()} == {"unchanged"}
    assert {path.name for path in load.exports.glob("draft_picks*")} == {"draft_picks-v1.csv", "draft_picks-v1.parquet", "draft_picks.json"}


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "permission denied. Make the folder writable by the user running the load, or set EXPORTS_DIR."),
        (errno.EROFS, "read-only file system. Mount it read-write, or set EXPORTS_DIR."),
    ],
)
def test_exports_that_may_not_be_written(load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch, number: int, reason: str) -> None:
    """As for another user; root may write everywhere."""

    def refuse(directory: Path, *_: object) -> None:
        raise OSError(number, os.strerror(number), str(directory / "draft_picks-v1.csv"))

    monkeypatch.setattr(export, "_complete_or_not_at_all", refuse)
    assert {report.state for report in load(folder()).values()} == {"loaded"}
    message = str(load.value("select message from quality_issue where rule = 'not_exported'"))
    assert message.endswith(f"the next load writes the others. Cannot write {load.exports}/draft_picks-v1.csv: {reason}")


def test_what_a_killed_load_has_half_written_goes_with_the_next(load: Loader, folder: Writer) -> None:
    load.exports.mkdir()
    for dataset in ("draft_picks", "combine"):
        (load.exports / f"{dataset}-v1.parquet.4711.part").write_text("half")
    (load.exports / "notes.part").write_text("somebody else's")
    assert {report.state for report in load(folder()).values()} == {"loaded"}
    kept = {"notes.part", *(f"{dataset}-v1.{kind}" for dataset in ("draft_picks", "combine") for kind in ("csv", "parquet"))}
    kept |= {f"{name}{end}" for name in JOINED for end in ("-v1.csv", "-v1.parquet")}
    kept |= {f"{name}.json" for name in ("draft_picks", "combine", *JOINED)}
    assert {path.name for path in load.exports.iterdir()} == kept


@pytest.mark.parametrize("known", [False, True])
def test_a_load_that_is_stopped_waits_for_its_exports(
    load: Loader, folder: Writer, made_up: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Else its thread would write over the files of the load that comes next, under the same version."""
    files = folder()
    if known:
        load(files)
        files = folder("other", draft_picks=made_up["draft_picks"].with_columns(games=pl.lit(3, dtype=pl.Int32)))
    begun, going_on, ended = threading.Event(), threading.Event(), threading.Event()
    module, name = (export, "_to_parquet") if known else (overlap, "write_parquet")
    whole = getattr(module, name)

    def held_up(*arguments: object) -> None:
        begun.set()
        going_on.wait(60)
        whole(*arguments)
        ended.set()

    monkeypatch.setattr(module, name, held_up)

    async def stopped() -> None:
        loading = asyncio.create_task(load_all(load.options(files)))
        await asyncio.to_thread(begun.wait, 60)
        loading.cancel()
        _, pending = await asyncio.wait([loading], timeout=0.3)
        assert pending
        going_on.set()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert ended.is_set()

    asyncio.run(stopped())


def test_two_failures_at_once_are_told_as_one(load: Loader, folder: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[object] = []

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def refused(*_: object, **__: object) -> None:
        await asyncio.sleep(0.1)
        raise asyncpg.DiskFullError("no room in the database either")

    monkeypatch.setattr(overlap, "write_csv", full)
    monkeypatch.setattr(persons, "copy_frame", refused)
    files = folder()

    async def failing() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        reports = await load_all(load.options(files))
        assert {report.state for report in reports} == {"failed"}
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(failing())
    assert complaints == []
