"""The databases of the test suite: one real PostgreSQL for the session, a fresh database for each test that asks for one.

Every process of the session (xdist's workers too) shares one embedded server in a folder of its own. The migrations run once, into a
template; `database` clones that. Data sets are loaded once, when a test first asks for them, into databases that are then read-only;
`league` and `real` clone those for tests that change something.

A test that needs a coroutine is marked `anyio`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings
from psutil import virtual_memory

from app.settings import SECRETS, Settings
from tests.support.waiting import PATIENCE, until
from tools.compose_variables import COMPOSE_VARIABLES, PRODUCTION_VARIABLES
from tools.embedded import ROOT_DATA, EmbeddedPostgres

T = TypeVar("T")

# How long an example takes says something about the machine and its other work, not about the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

CHECKOUT = Path(__file__).resolve().parents[1]
SESSION_FOLDER = "DRAFT_QUEEN_TEST_FOLDER"  # set by the first process of a session for its workers
REAL_DATA = "DRAFT_QUEEN_DATA"  # folder with the real files
PREFIX = "draft-queen-tests-"
ABANDONED_SECONDS = 24 * 3600

#: The rows of a test database need not survive a power cut; a database that lives for seconds need not be vacuumed.
UNSAFE_AND_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "96MB",
    "max_wal_size": "256MB",
    "max_connections": "200",
}


def _scratch() -> Path:
    """Memory, where there is plenty of it that works as a disk: clusters are made and copied all the time. TMPDIR overrides it.

    A container has as large a disk of this kind as its configuration says, whatever the machine has.
    """
    memory, needed = Path("/dev/shm"), 4 << 30
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > needed < virtual_memory().available:
        return memory
    return Path(tempfile.gettempdir())


def drop_settings() -> None:
    """Remove every variable that configures us, so that the suite behaves the same in a shell, in a container of the stack and in CI.

    Test processes and the processes that they start would otherwise use the stack's database. Settings are read in any case.
    """
    names = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in SECRETS}
    names |= {variable.name for variable in (*COMPOSE_VARIABLES, *PRODUCTION_VARIABLES)}
    names |= {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}  # under `make test` a test's own make would print more
    for name in [name for name in os.environ if name.upper() in names]:
        del os.environ[name]


def pytest_configure(config: pytest.Config) -> None:
    """Make the session's folder in its first process; workers find it in the environment."""
    drop_settings()
    # `nohup make test` ignores the signal of a closed terminal, a script's `make test &` that of Ctrl-C, and every process a test starts
    # would inherit that
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return
    for old in _scratch().glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_scratch()))
    folder.chmod(0o711)  # as root, the server runs as nobody and has to pass through
    os.environ[SESSION_FOLDER] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process removes the folder once every worker has ended."""
    if hasattr(config, "workerinput") or SESSION_FOLDER not in os.environ:
        return
    folder = Path(os.environ.pop(SESSION_FOLDER))
    ours = (folder, config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    for note in ROOT_DATA.glob("*/belongs-to"):  # as root, a server whose folder nobody else can reach has its data there
        if any(Path(note.read_text().strip()).is_relative_to(place) for place in ours):
            shutil.rmtree(note.parent)
    shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what this machine cannot run, as the dev image cannot: the list of skipped tests is long."""
    reasons = [report.longrepr[2] for report in terminalreporter.getreports("skipped") if isinstance(report.longrepr, tuple)]
    counted = {
        "browser tests (no Chromium)": sum("Chromium" in reason for reason in reasons),
        "tests that need Docker": sum("Docker" in reason for reason in reasons),
        "tests of the real files (set DRAFT_QUEEN_DATA)": sum(REAL_DATA in reason for reason in reasons),
    }
    parts = [f"{number} {what}" for what, number in counted.items() if number]
    if parts:
        terminalreporter.write_line(f"Skipped here: {', '.join(parts)}.")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines run on asyncio, as they do in the product."""
    return "asyncio"


def run_apart(function: Callable[[], T]) -> T:
    """Runs what brings an event loop of its own in a thread, because the caller's thread may have one already."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


# --- the server --------------------------------------------------------------------------------------------------------------


class Server:
    """The session's PostgreSQL, with what tests do to databases as a whole, over one connection in a thread of its own."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.folder = folder
        self.socket_directory = parse_qs(urlsplit(dsn).query)["host"][0]
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._connection = self._run(asyncpg.connect(self.dsn("postgres")))

    def _run(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def dsn(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.socket_directory}"

    def command(self, statement: str) -> None:
        """Run it; one that has to wait until nobody is connected to a database (its template) waits for that."""

        def is_done() -> bool:
            try:
                self._run(self._connection.execute(statement))
            except asyncpg.ObjectInUseError:
                return False
            return True

        until(is_done, lambda: f"{statement}: another process stays connected", step=0.1)

    def exists(self, name: str) -> bool:
        return self._run(self._connection.fetchval("select exists (select from pg_database where datname = $1)", name)) is True

    @contextmanager
    def new(self, template: str = "template1") -> Iterator[str]:
        """A database that is gone after the block; yields its address."""
        name = f"t_{uuid4().hex[:12]}"
        self.command(f"create database {name} template {template} strategy file_copy")
        try:
            yield self.dsn(name)
        finally:
            self.command(f"drop database {name} with (force)")

    def once(self, name: str, fill: Callable[[str], None], template: str = "template1") -> str:
        """The address of a database that the first process to ask fills, and that nobody can write to afterwards."""
        with (self.folder / f"{name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.exists(name):
                unfinished = f"{name}_unfinished"
                self.command(f"drop database if exists {unfinished} with (force)")
                self.command(f"create database {unfinished} template {template} strategy file_copy")
                fill(self.dsn(unfinished))
                self.command(f"alter database {unfinished} rename to {name}")
                self.command(f"alter database {name} set default_transaction_read_only = on")
        return self.dsn(name)


@pytest.fixture(scope="session")
def session_folder() -> Path:
    """Shared by every process of the session, removed after it."""
    return Path(os.environ[SESSION_FOLDER])


@pytest.fixture(scope="session")
def server(session_folder: Path) -> Iterator[Server]:
    """The session's PostgreSQL."""
    with EmbeddedPostgres(session_folder / "postgres", UNSAFE_AND_FAST) as postgres:
        server = Server(postgres.dsn, session_folder)
        yield server
        server.close()


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """The name of the template that has every migration and no rows."""
    from cli.migrations.migrate import upgrade

    server.once("migrated", lambda dsn: run_apart(lambda: upgrade(dsn)))
    return "migrated"


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """The address of a database in which no migration has run."""
    with server.new() as dsn:
        yield dsn


@pytest.fixture
def database(server: Server, migrated: str) -> Iterator[str]:
    """The address of a database of this test's own, with every migration and no rows."""
    with server.new(migrated) as dsn:
        yield dsn


# --- data --------------------------------------------------------------------------------------------------------------------


def _loaded(server: Server, name: str, migrated: str, exports: Path, source: Literal["sample", "files"], folder: Path | None = None) -> str:
    """Return the DSN of the database of that name, into which the first process loads the league or the files of a folder."""

    def fill(dsn: str) -> None:
        from pipeline.options import LoadOptions
        from pipeline.run import load_all

        options = LoadOptions(dsn, exports, source, folder, sample_rows=3000, sample_seed=7, trigger="command")
        run_apart(lambda: asyncio.run(load_all(options)))

    return server.once(name, fill, template=migrated)


def _exports(server: Server, name: str) -> Path:
    folder = server.folder / f"exports-{name}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def league_exports(server: Server) -> Path:
    """The folder into which the synthetic league was exported."""
    return _exports(server, "league")


@pytest.fixture(scope="session")
def league_dsn(server: Server, migrated: str, league_exports: Path) -> str:
    """The address of a read-only database with a synthetic league of 3,000 rows (seed 7)."""
    return _loaded(server, "league", migrated, league_exports, "sample")


@pytest.fixture
def league(server: Server, league_dsn: str) -> Iterator[str]:
    """The address of a copy of the synthetic league of this test's own."""
    with server.new("league") as dsn:
        yield dsn


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real files; the test is skipped where there is none."""
    named = os.environ.get(REAL_DATA)
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not (folder / "nflverse").is_dir():
        pytest.skip(f"the real files are not in {folder} (set {REAL_DATA} to their folder)")
    return folder


@pytest.fixture(scope="session")
def real_exports(server: Server) -> Path:
    """The folder into which the real files were exported."""
    return _exports(server, "real")


@pytest.fixture(scope="session")
def real_dsn(server: Server, migrated: str, real_data: Path, real_exports: Path) -> str:
    """The address of a read-only database with the real draft picks and combine entries."""
    return _loaded(server, "real", migrated, real_exports, "files", real_data)


@pytest.fixture
def real(server: Server, real_dsn: str) -> Iterator[str]:
    """The address of a copy of the real data of this test's own."""
    with server.new("real") as dsn:
        yield dsn
