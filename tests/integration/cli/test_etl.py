"""``dq etl``: loading from everywhere, twice at once, interrupted; and downloading without loading."""

from __future__ import annotations

import asyncio
import functools
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen

import asyncpg
import polars as pl
import pytest

from app.datasets import DATASETS
from pipeline.lock import LOAD_LOCK_KEY
from pipeline.sources.sample import generate as sample
from tests.integration.cli.conftest import Dq
from tests.support.held_load import until_nobody_loads, writing_held_up
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small release."""
    folder = tmp_path_factory.mktemp("files")
    sample.write(folder, 600, 5, "csv")
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server with a release of the real size, laid out as upstream does."""
    folder = tmp_path_factory.mktemp("release")
    for path in sample.write(folder):
        (folder / path.stem).mkdir()
        path.rename(folder / path.stem / path.name)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def states(lines: list[dict[str, object]]) -> dict[object, object]:
    return {line["dataset"]: line["state"] for line in lines}


def test_a_synthetic_league_is_loaded_and_loading_it_again_changes_nothing(dq: Dq, database: str) -> None:
    arguments = ("etl", "run", "--sample", "--rows", "600", "--seed", "4", "--json")
    first = dq(*arguments, dsn=database)
    assert first.code == 0
    assert states(first.lines) == dict.fromkeys(DATASETS, "loaded")
    assert [line["rows_inserted"] for line in first.lines][:2] == [354, 246]
    again = dq(*arguments, dsn=database)
    assert states(again.lines) == dict.fromkeys(DATASETS, "unchanged")


def test_a_league_of_another_size_takes_the_place_of_the_one_before(dq: Dq, database: str) -> None:
    for rows, seed, picks in ((900, 4, 531), (600, 4, 354), (600, 5, 354)):
        answer = dq("etl", "run", "--sample", "--rows", str(rows), "--seed", str(seed), "--json", dsn=database)
        assert states(answer.lines) == dict.fromkeys(DATASETS, "loaded"), answer.err
        found = dq("picks", "list", "--json", "--all", "--fields", "pfr_player_id").lines
        assert len(found) == picks
        assert all(str(row["pfr_player_id"]).startswith(f"Syn{seed}-") for row in found if row["pfr_player_id"])


def test_people_get_a_table_and_plain_lines_of_progress_when_piped(dq: Dq, database: str) -> None:
    answer = dq("etl", "run", "--sample", "--rows", "600", "--dataset", "draft_picks", dsn=database)
    heading, row = answer.out.splitlines()
    assert heading.split()[:4] == ["dataset", "state", "read", "inserted"]
    assert row.split()[:4] == ["draft_picks", "loaded", "354", "354"]
    assert "draft_picks: merge (354)" in answer.err.splitlines()


def test_a_terminal_gets_a_bar(database: str, environment: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "etl", "run", "--sample", "--rows", "600"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "DATABASE_URL": database, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 65_536):
            seen += block
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    assert "━".encode() in seen
    assert b"combine" in seen


def test_files_in_a_folder_are_loaded(dq: Dq, database: str, files: Path) -> None:
    answer = dq("etl", "run", "--from", str(files), "--json", dsn=database)
    assert answer.code == 0, answer.err
    assert [(line["dataset"], line["rows_read"], line["file_format"]) for line in answer.lines] == [
        ("draft_picks", 354, "csv"),
        ("combine", 246, "csv"),
        ("players", 357, "csv"),
        ("pick_values", 262, "csv"),
        ("trades", 61, "csv"),
    ]


def test_a_folder_without_the_files_fails_in_a_sentence(dq: Dq, database: str, tmp_path: Path) -> None:
    answer = dq("etl", "run", "--from", str(tmp_path), "--json", dsn=database)
    assert answer.code == 1
    assert all(line["state"] in {"skipped", "failed"} for line in answer.lines)
    assert "draft_picks: " in answer.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--sample", "--rows", "0"], "between 2 and"),
        (["--sample", "--rows", "-3"], "between 2 and"),
        (["--sample", "--seed", "-1"], "positive whole number"),
        (["--rows", "10"], "require --sample"),
        (["--sample", "--from", "."], "cannot be used together"),
        (["--from", "/nowhere"], "does not exist"),
        (["--dataset", "rosters"], "'rosters' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(dq: Dq, database: str, arguments: list[str], complaint: str) -> None:
    answer = dq("etl", "run", *arguments, dsn=database)
    assert answer.code == 2
    assert complaint in answer.err


def test_without_a_network_it_says_how_to_go_on(dq: Dq, database: str) -> None:
    answer = dq("etl", "run", dsn=database)
    assert answer.code == 1
    assert "cannot be reached" in answer.err
    assert "dq etl run --from DIR" in answer.err
    assert "--sample" in answer.err


def test_a_release_is_downloaded_once_and_found_unchanged_the_second_time(
    dq: Dq, release: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("SOURCE_BASE_URL", release)
    first = dq("etl", "fetch", "--json")
    assert first.code == 0
    assert [line["new"] for line in first.lines] == [True, True]
    path = Path(str(first.lines[0]["path"]))
    assert path.is_relative_to(tmp_path)
    assert pl.read_parquet(path).height == 12_919
    assert [line["new"] for line in dq("etl", "fetch", "--json").lines] == [False, False]


def test_a_release_is_fetched_and_loaded(dq: Dq, release: str, database: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SOURCE_BASE_URL", release)
    loaded = dq("etl", "run", "--json", dsn=database)
    assert states(loaded.lines) == {"draft_picks": "loaded", "combine": "loaded"}
    assert [line["location"] for line in loaded.lines] == [f"{release}/{name}/{name}.parquet" for name in ("draft_picks", "combine")]
    assert states(dq("etl", "run", "--json").lines) == {"draft_picks": "unchanged", "combine": "unchanged"}


def test_downloading_without_a_network_fails_in_a_sentence(dq: Dq, environment: pytest.MonkeyPatch) -> None:
    answer = dq("etl", "fetch", "--dataset", "combine")
    assert answer.code == 1
    assert "cannot be reached" in answer.err


def test_two_at_once_are_one_load_and_one_that_says_so(dq: Dq, database: str) -> None:
    async def meanwhile() -> str:
        connection = await asyncpg.connect(database)
        try:
            await connection.execute("select pg_advisory_lock($1)", LOAD_LOCK_KEY)
            answer = await asyncio.to_thread(dq, "etl", "run", "--sample", "--rows", "600", dsn=database)
        finally:
            await connection.close()
        assert answer.code == 1
        assert answer.out == ""
        return answer.err

    assert "already running" in asyncio.run(meanwhile())


def test_ctrl_c_rolls_back_and_the_next_load_completes(dq: Dq, dq_process: Callable[..., Popen[str]], database: str) -> None:
    with writing_held_up(database) as wait_for_a_writer:
        process = dq_process("etl", "run", "--sample", "--rows", "600", dsn=database)
        wait_for_a_writer()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert dq("picks", "list", "--json", dsn=database).lines == []
    assert dq("etl", "run", "--sample", "--rows", "600", dsn=database).code == 0


def test_a_killed_load_leaves_nothing_and_the_next_one_completes(dq: Dq, dq_process: Callable[..., Popen[str]], database: str) -> None:
    with writing_held_up(database) as wait_for_a_writer:
        process = dq_process("etl", "run", "--sample", "--rows", "600", dsn=database)
        wait_for_a_writer()
        process.kill()
        process.wait()
    until_nobody_loads(database)
    assert dq("etl", "run", "--sample", "--rows", "600", dsn=database).code == 0
    assert len(dq("picks", "list", "--json", "--all").lines) == 354
    newest_first = dq("etl", "runs", "--json").lines
    assert states(newest_first[: len(DATASETS)]) == dict.fromkeys(DATASETS, "loaded")
    killed = newest_first[len(DATASETS) :]
    assert "draft_picks" in states(killed)
    assert {run["state"] for run in killed} == {"failed"}
    assert all("rolled back" in str(run["error"]) for run in killed)


def test_two_real_ones_at_once(dq_process: Callable[..., Popen[str]], dq: Dq, database: str) -> None:
    processes = [dq_process("etl", "run", "--sample", "--rows", "30000", dsn=database) for _ in range(2)]
    ended = [(process.communicate(timeout=PATIENCE)[1], process.returncode) for process in processes]
    assert sorted(code for _, code in ended) in ([0, 1], [0, 0])  # on a slow day the second begins when the first has ended
    for err, code in ended:
        assert code == 0 or "already running" in err
    assert dq("picks", "list", "--json", "--limit", "1", dsn=database).code == 0


def test_without_a_database_an_embedded_one_is_used_and_kept(dq: Dq, session_folder: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATA_DIR", str(session_folder / "dq-embedded"))
    assert dq("etl", "run", "--sample", "--rows", "600").code == 0
    assert len(dq("picks", "list", "--json", "--all").lines) == 354
    assert dq("db", "status").code == 0
