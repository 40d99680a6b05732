"""Started in an empty folder, answered, stopped, killed; and nobody is left behind."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import CHECKOUT
from tests.support.served import LINUX, Served
from tests.support.waiting import until
from tools.embedded import EmbeddedPostgres

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class FirstStart:
    """A first start in an empty folder, from its beginning to its end, after which nobody was left: what it answered and said."""

    data_dir: Path
    port: int
    answers: dict[str, int]
    total: int
    exit_code: int
    output: str


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    """Once for the module: a test looks at it, the others go on with its folder."""
    folder = tmp_path_factory.mktemp("serve")
    first = Served(folder)
    try:
        first.start().wait_until_it_answers()
        answers = {path: first.get(path)[0] for path in ("/health/ready", "/")}
        first.wait_for_output("combine: loaded")
        total = first.total()
        first.wait_for_output("worker_ready")
        first.send(signal.SIGINT)
        exit_code = first.wait()
        first.assert_nobody_is_left()
        return FirstStart(folder, first.port, answers, total, exit_code, first.output)
    finally:
        first.end()


@pytest.fixture
def data_dir(first_start: FirstStart) -> Path:
    """A folder that a first start has filled."""
    assert first_start.exit_code == 0, first_start.output
    return first_start.data_dir


@pytest.fixture
def served(data_dir: Path) -> Iterator[Served]:
    running = Served(data_dir)
    yield running
    running.end()


def test_an_empty_folder_becomes_a_running_product_and_ctrl_c_ends_it(first_start: FirstStart) -> None:
    assert first_start.answers == {"/health/ready": 200, "/": 200}
    assert first_start.total > 0
    assert "synthetic league" in first_start.output
    assert f"http://127.0.0.1:{first_start.port}/" in first_start.output
    assert first_start.exit_code == 0
    assert "Traceback" not in first_start.output


def test_the_second_start_migrates_and_loads_nothing(served: Served, record_property: Callable[[str, object], None]) -> None:
    record_property("seconds to the first answer", served.start().wait_until_it_answers())
    assert served.total() > 0
    assert "Migrating" not in served.output
    served.wait_for_output("stays")
    served.send(signal.SIGTERM)
    assert served.wait() == 0
    served.assert_nobody_is_left()


@LINUX
def test_killed_it_takes_everybody_with_it(served: Served) -> None:
    served.start().wait_until_it_answers()
    assert len(served.processes()) > 3
    served.send(signal.SIGKILL)
    served.wait()
    served.assert_nobody_is_left()


def test_a_closed_terminal_ends_it(served: Served) -> None:
    served.start().wait_until_it_answers()
    served.send(signal.SIGHUP)
    assert served.wait() == 0
    served.assert_nobody_is_left()


@LINUX
def test_make_run_in_a_terminal_that_is_closed_ends_too(served: Served) -> None:
    """As with `ssh host make run`: make leads the session, and waits for us without a word."""
    leader, terminal = pty.fork()
    if leader == 0:
        os.chdir(CHECKOUT)
        os.execvpe("make", ["make", "run"], served.env)  # noqa: S606
    try:
        shown = b""
        while b"Ctrl-C stops it" not in shown:
            shown += os.read(terminal, 4096)
        assert served.get("/health")[0] == 200
    finally:
        os.close(terminal)
    served.assert_nobody_is_left()
    os.waitpid(leader, 0)


def test_an_api_that_dies_is_started_again_and_refuses_nobody(served: Served) -> None:
    served.start().wait_until_it_answers()
    first = served.api()
    first.kill()
    assert served.get("/health")[0] == 200  # waits in the socket's queue until the next process takes it
    assert served.api().pid != first.pid
    served.wait_for_output("The API ended unexpectedly")


def test_a_stop_while_the_database_starts_begins_nothing_more(serve: Callable[..., Served], tmp_path: Path) -> None:
    folder = EmbeddedPostgres(tmp_path / "new" / "postgres").directory
    folder.mkdir(parents=True)
    served = serve(DATA_DIR=str(tmp_path / "new"))
    with (folder / "start.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it does not start before the stop
        served.start().wait_for_output("Starting the embedded PostgreSQL")
        served.send(signal.SIGINT)
        served.wait_for_output("Stopping")
    assert served.wait() == 0
    assert "Migrating" not in served.output
    served.assert_nobody_is_left()


@LINUX
def test_a_database_whose_keeper_is_killed_comes_back(served: Served) -> None:
    """The keeper starts a server that dies; nobody but us starts another keeper."""
    served.start().wait_until_it_answers()
    before = served.total()
    served.keeper().kill()
    served.wait_for_output("The embedded PostgreSQL ended unexpectedly")
    until(lambda: served.get("/health/ready")[0] == 200, lambda: served.output, step=0.1)
    assert served.total() == before
    served.send(signal.SIGTERM)
    assert served.wait() == 0
    served.assert_nobody_is_left()


@LINUX
def test_a_database_whose_folder_is_removed_is_a_sentence(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve(DATA_DIR=str(tmp_path / "new")).start()
    served.wait_for_output("combine: loaded")  # the load is over
    served.wait_until_it_answers()
    folder = EmbeddedPostgres(tmp_path / "new" / "postgres").directory
    removed = folder.rename(folder.with_name(f"{folder.name}-removed"))  # at once: the server removes files of its own as well
    served.keeper().kill()
    assert served.wait() == 1
    shutil.rmtree(removed)
    assert "The folder of the database was removed while it was in use" in served.output
    assert "Traceback" not in served.output
    served.assert_nobody_is_left()


def test_a_stop_during_the_first_load_leaves_a_database_that_loads_the_next_time(serve: Callable[..., Served]) -> None:
    first = serve(SAMPLE_ROWS="1000000").start()  # takes so long that the stop comes in time, however late it is
    first.wait_for_output("loading a synthetic league")
    first.send(signal.SIGINT)
    assert first.wait() == 0
    first.assert_nobody_is_left()
    second = serve().start()
    second.wait_until_it_answers()
    second.wait_for_output("combine: loaded")
    assert 0 < second.total() < 600


def test_real_data_of_one_kind_stays_as_it_is_without_a_network(serve: Callable[..., Served], real_data: Path, tmp_path: Path) -> None:
    picks = tmp_path / "picks"
    picks.mkdir()
    for file in (real_data / "nflverse").glob("draft_picks*.parquet"):
        (picks / file.name).symlink_to(file)
    first = serve().start("--from", str(picks))
    first.wait_until_it_answers()
    first.wait_for_output("the available data are served. Try again with: dq etl run --from")  # there are no combine results
    assert first.total() == 12_927
    first.send(signal.SIGINT)
    assert first.wait() == 0
    second = serve().start()
    second.wait_until_it_answers()
    second.wait_for_output("the existing real data is kept")
    assert second.total() == 12_927
    status, page = second.get("/")
    assert status == 200
    assert "--replace" not in page.decode()
    assert "synthetic league of" not in second.output
