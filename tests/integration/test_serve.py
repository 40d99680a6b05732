"""`dq serve` as people use it: started in an empty folder, answered, stopped, killed; and nobody is left behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.migrate import upgrade
from app.settings import CHECKOUT
from cli.serve.port import holder_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serve")]

NOWHERE = "http://127.0.0.1:9/releases"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")

#: As on a system that the development loop is not made for.
WITHOUT_LOOP = "import cli.serve.launcher as l; l.why_no_loop = lambda: 'it is made for another system'; from cli.entry import main; main()"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Served:
    """One `dq serve` with its own data, port and mark in the environment, by which its processes are found."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.port = free_port()
        self.data_dir = data_dir
        self.mark = f"DQ_TEST_MARK={uuid4()}"
        self.log = data_dir / f"serve-{self.port}.log"
        name, _, value = self.mark.partition("=")
        plain = {key: text for key, text in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "MAKELEVEL", "ENVIRONMENT")}
        self.env = plain | {
            "PORT": str(self.port),
            "DATA_DIR": str(data_dir),
            "SOURCE_BASE_URL": NOWHERE,
            "SAMPLE_ROWS": "600",
            name: value,
        }
        self.env |= {"RELOAD": "0", **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, checkout: Path = CHECKOUT, without_loop: bool = False) -> Served:
        program = ["-c", WITHOUT_LOOP] if without_loop else ["-m", "cli.main"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "serve", *arguments],
                cwd=checkout,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wait_until_it_answers(self, seconds: float = 60) -> float:
        """How long it took."""
        started = time.monotonic()
        while True:
            assert self.process is not None
            assert self.process.poll() is None, self.output
            try:
                if self.get("/health")[0] == 200:
                    return time.monotonic() - started
            except OSError:
                pass
            assert time.monotonic() - started < seconds, self.output
            time.sleep(0.05)

    def wait_for_output(self, text: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def total(self) -> int:
        status, body = self.get("/api/v1/draft-picks?limit=1")
        assert status == 200, body
        return int(json.loads(body)["total"])

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def wait(self, seconds: float = 45) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def processes(self) -> list[psutil.Process]:
        """Everything that carries our mark, and the database server of our folder."""
        folder = str(EmbeddedPostgres(self.data_dir / "postgres").directory)
        found = []
        for process in psutil.process_iter():
            try:
                name, _, value = self.mark.partition("=")
                if process.environ().get(name) == value or any(folder in word for word in process.cmdline()):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def api(self) -> psutil.Process:
        """The API's process; one that ends while it is being looked at is not it."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                if "app.server" in process.cmdline():
                    return process
        raise AssertionError(f"no API runs: {self.output}")

    def who_is_left(self, seconds: float) -> list[str]:
        """Whoever still runs after that time."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [" ".join(process.cmdline()) for process in left if process.is_running()]

    def assert_nobody_is_left(self, seconds: float) -> None:
        assert self.who_is_left(seconds) == []

    def end(self) -> None:
        """After a failed test too."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(45)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.processes():
            process.kill()


@dataclass(frozen=True)
class FirstStart:
    """A first start in an empty folder, from its beginning to its end: what it answered, said and left."""

    data_dir: Path
    port: int
    answers: dict[str, int]
    total: int
    exit_code: int
    left: list[str]
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
        return FirstStart(folder, first.port, answers, total, exit_code, first.who_is_left(5), first.output)
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


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a `Served` in a folder of this test, with these settings; all are ended, come what may."""
    made: list[Served] = []

    def make(**environment: str) -> Served:
        made.append(Served(tmp_path, **environment))
        return made[-1]

    yield make
    for one in made:
        one.end()


def test_an_empty_folder_becomes_a_running_product_and_ctrl_c_ends_it(first_start: FirstStart) -> None:
    assert first_start.answers == {"/health/ready": 200, "/": 200}
    assert first_start.total > 0
    assert "synthetic league" in first_start.output
    assert f"http://127.0.0.1:{first_start.port}/" in first_start.output
    assert first_start.exit_code == 0
    assert first_start.left == []
    assert "Traceback" not in first_start.output


def test_the_second_start_is_quick_and_finds_the_data(served: Served) -> None:
    assert served.start().wait_until_it_answers() < 15  # 2 to 3 s alone; tests run beside others
    assert served.total() > 0
    assert "Migrating" not in served.output
    served.wait_for_output("stays")
    served.send(signal.SIGTERM)
    assert served.wait() == 0
    served.assert_nobody_is_left(5)


@LINUX
def test_killed_it_takes_everybody_with_it(served: Served) -> None:
    served.start().wait_until_it_answers()
    assert len(served.processes()) > 3
    served.send(signal.SIGKILL)
    served.wait()
    served.assert_nobody_is_left(20)


def test_a_closed_terminal_ends_it(served: Served) -> None:
    served.start().wait_until_it_answers()
    served.send(signal.SIGHUP)
    assert served.wait() == 0
    served.assert_nobody_is_left(5)


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
    served.assert_nobody_is_left(20)
    os.waitpid(leader, 0)


def test_an_api_that_dies_is_started_again_and_refuses_nobody(served: Served) -> None:
    served.start().wait_until_it_answers()
    first = served.api()
    first.kill()
    assert served.get("/health")[0] == 200  # waits in the socket's queue until the next process takes it
    assert served.api().pid != first.pid
    assert "The API ended unexpectedly" in served.output


def test_a_stop_during_the_first_load_leaves_a_database_that_loads_the_next_time(serve: Callable[..., Served]) -> None:
    first = serve(SAMPLE_ROWS="100000").start()
    first.wait_for_output("loading a synthetic league")
    first.send(signal.SIGINT)
    assert first.wait() == 0
    first.assert_nobody_is_left(5)
    second = serve().start()
    second.wait_until_it_answers()
    second.wait_for_output("combine: loaded")
    assert 0 < second.total() < 600


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code that may be edited."""
    for name in ("app", "cli", "pipeline", "devloop", "alembic"):
        # with its bytecode, which fits as long as the times of the files are kept
        shutil.copytree(CHECKOUT / name, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


def test_without_the_loop_an_edit_is_served_and_broken_code_is_not(serve: Callable[..., Served], checkout: Path) -> None:
    code = checkout / "app" / "main.py"
    good = code.read_text()
    served = serve(RELOAD="1").start(checkout=checkout, without_loop=True)
    served.wait_until_it_answers()
    served.wait_for_output("worker_ready")
    assert "Every edit restarts the API, without the development loop and its debugger: it is made for another system." in served.output
    first = served.api().pid
    time.sleep(1)  # the watcher begins after the first answer
    code.write_text(f"{good}\n# edited\n")
    served.wait_for_output("app/main.py changed")
    deadline = time.monotonic() + 60
    while served.api().pid == first:  # the old process answers meanwhile
        assert served.get("/health")[0] == 200
        assert time.monotonic() < deadline, served.output
        time.sleep(0.05)
    code.write_text(f"{good}\nthis is no Python\n")
    served.wait_for_output("The new code does not start; the old code keeps answering.")
    assert "SyntaxError" in served.output
    assert served.get("/health")[0] == 200
    second = served.api().pid
    code.write_text(good)
    deadline = time.monotonic() + 60
    while psutil.pid_exists(second):
        assert served.get("/health")[0] == 200
        assert time.monotonic() < deadline, served.output
        time.sleep(0.05)


@LINUX
def test_in_the_loop_an_edit_of_api_or_pipeline_is_served_and_broken_code_is_not(serve: Callable[..., Served], checkout: Path) -> None:
    code, schedule = checkout / "app" / "main.py", checkout / "pipeline" / "schedule.py"
    good = code.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        debug_port = taken.getsockname()[1]
        served = serve(RELOAD="1", API_DEBUG_PORT=str(debug_port), PIPELINE_DEBUG_PORT="0").start(checkout=checkout)
        served.wait_until_it_answers()
        served.wait_for_output("worker_ready")
        served.wait_for_output(f"The debug port {debug_port} cannot be had")
    code.write_text(good.replace('title="Draft Queen"', 'title="Edited"'))
    served.wait_for_output("api | devloop: generation 2")
    assert b'"title":"Edited"' in served.get("/openapi.json")[1]
    code.write_text(f"{good}\nthis is no Python\n")
    served.wait_for_output("the last good code keeps working: SyntaxError")
    assert served.get("/health")[0] == 200
    schedule.write_text(schedule.read_text() + "\n# edited\n")
    served.wait_for_output("pipeline/schedule.py")
    served.wait_for_output("worker_stopped")  # the old one
    supervisor = next(p for p in served.processes() if "asgi" in p.cmdline())
    supervisor.kill()
    served.wait_for_output("The API ended unexpectedly")
    code.write_text(good)
    served.wait_until_it_answers()
    served.send(signal.SIGINT)
    assert served.wait() == 0
    served.assert_nobody_is_left(5)


def test_a_taken_port_is_one_sentence_with_a_way_out(served: Served) -> None:
    with socket.create_server(("127.0.0.1", served.port)):
        served.start()
        assert served.wait() == 2
    assert f"Port {served.port} is taken" in served.output
    assert "make run PORT=" in served.output
    assert "Traceback" not in served.output
    served.assert_nobody_is_left(2)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert f"(process {os.getpid()})" in str(holder_of(listener.getsockname()[1]))
    assert holder_of(1) is None


def test_a_database_out_of_reach_is_one_sentence(serve: Callable[..., Served]) -> None:
    served = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start()
    assert served.wait() == 1
    assert "The database does not answer" in served.output
    assert "Traceback" not in served.output


def test_wrong_settings_are_told_together(serve: Callable[..., Served]) -> None:
    served = serve(LOG_LEVEL="loud", SAMPLE_ROWS="few").start()
    assert served.wait() == 2
    assert "LOG_LEVEL" in served.output
    assert "SAMPLE_ROWS" in served.output
    assert "Traceback" not in served.output


def test_a_folder_that_is_a_file_is_one_sentence(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    served = serve(DATA_DIR=str(tmp_path / "file")).start()
    assert served.wait() == 1
    assert "Traceback" not in served.output


def test_the_parts_alone_wait_for_a_schema_that_others_make_and_write_json(
    empty_database: str, serve: Callable[..., Served], tmp_path: Path
) -> None:
    shared = {"DATABASE_URL": empty_database, "LOG_FORMAT": "json", "WORKER_LIVENESS_FILE": str(tmp_path / "alive")}
    api, pipeline = serve(**shared).start("--only", "api"), serve(**shared).start("--only", "pipeline")
    api.wait_until_it_answers()
    assert api.get("/health/ready")[0] == 503
    pipeline.wait_for_output("The schema is not this code's")
    assert not (tmp_path / "alive").exists()
    upgrade(empty_database)
    pipeline.wait_for_output("combine: loaded")
    deadline = time.monotonic() + 30
    while api.get("/health/ready")[0] != 200 or api.total() == 0 or not (tmp_path / "alive").exists():
        assert time.monotonic() < deadline, api.output
        time.sleep(0.1)
    for part in (api, pipeline):
        part.send(signal.SIGTERM)
        assert part.wait() == 0
        part.assert_nobody_is_left(10)
        assert all(isinstance(json.loads(line), dict) for line in part.output.splitlines())


def test_a_part_alone_outlives_a_database_that_is_not_there(serve: Callable[..., Served]) -> None:
    served = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start("--only", "api")
    served.wait_until_it_answers()
    status, body = served.get("/health/ready")
    assert (status, b"not ready" in body) == (503, True)
    pipeline = serve(DATABASE_URL="postgresql://dq:x@127.0.0.1:1/draft_queen").start("--only", "pipeline")
    pipeline.wait_for_output("Trying again in 2 s")
    pipeline.send(signal.SIGTERM)
    assert pipeline.wait() == 0


def test_files_are_not_for_the_api(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve().start("--only", "api", "--from", str(tmp_path))
    assert served.wait() == 2
    assert "--from is for the pipeline" in served.output
