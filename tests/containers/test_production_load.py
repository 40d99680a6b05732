"""Production that cannot reach the public files: it says so, goes on trying, and takes the files of a folder by one command."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.sources.sample.generate import generate
from pipeline.steps.extract import SYNTHETIC_MARKER
from tests.containers.production import PICKS, Production, ending, production_of
from tests.containers.stack import Stack, wait_until


@pytest.fixture(scope="module")
def empty(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """One replica of each, and a source that refuses connections."""
    with ending(production_of(make_stack())) as one:
        one.configure(SOURCE_BASE_URL="https://127.0.0.1:9/releases", API_REPLICAS="1", PIPELINE_REPLICAS="1")
        one.run("make", "secrets")
        one.compose("build", "--quiet", timeout=900)
        one.compose("up", "--detach", "--wait", timeout=180)
        yield one


@pytest.fixture
def files(empty: Production) -> Iterator[Path]:
    """A folder that only its owner may read, as a private umask leaves it."""
    folder = empty.folder / "import files"
    folder.mkdir()
    (folder / SYNTHETIC_MARKER).touch()
    for dataset, frame in generate(rows=2000, seed=5).items():
        frame.write_parquet(folder / f"{dataset}.parquet")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    yield folder
    shutil.rmtree(folder)


def test_the_first_attempt_comes_with_the_start_and_the_page_says_when_the_next_one_does(empty: Production) -> None:
    wait_until(lambda: b"The next attempt is" in empty.ask("/").body, seconds=60, what="a failed attempt on the page")
    page = empty.ask("/").body.decode()
    assert "No data yet" in page
    assert "https://127.0.0.1:9/releases" in page
    assert "dq etl run" not in page
    assert re.search(r"The next attempt is (at \d\d:\d\d UTC|due now)", page)
    assert empty.lines("pipeline", event="load_retried_later")


def test_what_cannot_be_loaded_is_refused_in_a_sentence(empty: Production, files: Path) -> None:
    for arguments, said in (
        ((), "FROM is empty"),
        (("FROM=nowhere",), "FROM=nowhere is not a folder"),
        ((f"FROM={files}",), f"the pipeline's user (10001) may not read {files}: run 'chmod -R o+rX \"{files}\"'."),
    ):
        refused = empty.run("make", "load", *arguments, check=False)
        assert refused.returncode != 0
        assert said in refused.stderr
    assert empty.ask(PICKS).document["total"] == 0


def test_the_files_of_a_folder_are_loaded_by_one_command(empty: Production, files: Path) -> None:
    before = empty.identities("pipeline") + empty.identities("api")
    for path in (files, *files.iterdir()):
        path.chmod(path.stat().st_mode | (0o005 if path.is_dir() else 0o004))
    loaded = empty.run("make", "load", f"FROM={files}", timeout=700)
    assert re.search(r"draft_picks +loaded", loaded.stdout)
    assert re.search(r"combine +loaded", loaded.stdout)
    wait_until(lambda: empty.ask(PICKS).document["total"] > 100, seconds=15, what="the API serves the data")
    assert b"The next attempt is" not in empty.ask("/").body
    assert empty.ask("/api/v1/exports/draft_picks.csv").status == 200, "the API reads what the load has exported"
    assert empty.identities("pipeline") + empty.identities("api") == before, "nothing was restarted, nothing is left"
    again = empty.run("make", "load", f"FROM={files}", "FORCE=1", timeout=700)
    assert re.search(r"draft_picks +unchanged", again.stdout)
    runs = empty.execute("pipeline", "dq", "etl", "runs", "--json", "--trigger", "command").stdout.splitlines()
    assert len(runs) == 4
