"""Users of embedded servers as processes of their own, which can be killed, and what is left of a server afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.waiting import PATIENCE, until
from tools.embedded import EmbeddedPostgres, _find_binaries
from tools.embedded_keeper import DATABASE, PORT, processes_of

CHECKOUT = Path(__file__).resolve().parents[3]
SITE_PACKAGES = Path(sys.modules["pytest"].__file__ or "").parent.parent

#: Starts the server, says where it is, and stops when told to or when its input ends.
PROGRAM = """
import sys
from pathlib import Path
from tools.embedded import EmbeddedPostgres, EmbeddedPostgresError
server = EmbeddedPostgres(Path(sys.argv[1]), {"shared_buffers": "16MB"})
try:
    print(server.start(), server.directory, flush=True)
except EmbeddedPostgresError as error:
    print("error", error, flush=True)
    sys.exit(3)
sys.stdin.readline()
server.stop()
print("stopped", flush=True)
sys.stdin.readline()
"""


class User:
    """A process that uses the server in `folder`; with `account`, as that user of the machine."""

    def __init__(self, folder: Path, *, account: str | None = None, python: str = sys.executable, path: str | None = None) -> None:
        environment = {"PYTHONPATH": path or f"{CHECKOUT}:{SITE_PACKAGES}", "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(
            [python, "-S", "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            user=account,
            group="nogroup" if account == "nobody" else None,
            extra_groups=[] if account else None,
            cwd="/",
            text=True,
        )
        self.answer = ""

    def started(self) -> User:
        assert self.process.stdout is not None
        self.answer = self.process.stdout.readline().strip()
        assert self.answer.startswith("postgresql://"), self.answer
        return self

    @property
    def dsn(self) -> str:
        return self.answer.split(" ")[0]

    @property
    def directory(self) -> Path:
        return Path(self.answer.split(" ", 1)[1])

    @property
    def error(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline().strip()
        assert answer.startswith("error "), answer
        assert self.process.wait(PATIENCE) == 3
        return answer.removeprefix("error ")

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "stopped\n"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def user() -> Iterator[Callable[..., User]]:
    """Makes users that are gone after the test."""
    users: list[User] = []

    def make(folder: Path, *, account: str | None = None, python: str = sys.executable, path: str | None = None) -> User:
        users.append(User(folder, account=account, python=python, path=path))
        return users[-1]

    yield make
    for each in users:
        each.end()


@pytest.fixture
def empty_folder(session_folder: Path) -> Iterator[Path]:
    """Where a server may keep its files, as root too; does not exist yet, and is gone after the test."""
    place = Path(tempfile.mkdtemp(prefix="e-", dir=session_folder))
    place.chmod(0o711)
    yield place / "postgres"
    wait_until(lambda: not keepers_of(place) and not processes_of(place / "postgres" / "cluster"))
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def made_cluster(session_folder: Path) -> Path:
    """A folder in which a server has been started once, to be copied."""
    place = session_folder / "made-cluster" / str(os.getpid())
    with EmbeddedPostgres(place, {"shared_buffers": "16MB"}):
        pass
    return place


@pytest.fixture
def folder(empty_folder: Path, made_cluster: Path) -> Path:
    """The same as `empty_folder`, except that a server has already been started in it, which saves making the cluster."""
    subprocess.run(["cp", "-a", made_cluster, empty_folder], check=True)
    return empty_folder


@pytest.fixture
def root() -> None:
    """Only root can start a process as somebody else."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts processes as another user")


@pytest.fixture
def ordinary_python(root: None) -> str:
    """A Python that an ordinary user of this machine may start."""
    candidates = dict.fromkeys((sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"))
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    for candidate in candidates:
        with suppress(OSError):
            if (
                subprocess.run([candidate, "-c", check], user="nobody", group="nogroup", extra_groups=[], cwd="/", check=False).returncode
                == 0
            ):
                return candidate
    pytest.skip("no Python 3.11 that user nobody may start")


def wait_until(condition: Callable[[], bool]) -> None:
    until(condition, lambda: "it did not happen")


def keepers_of(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if b"tools.embedded_keeper" in command and os.fsencode(folder) in command:
                found.append(int(entry.name))
    return found


def socket_directory(dsn: str) -> str:
    return parse_qs(urlsplit(dsn).query)["host"][0]


def client(program: str, dsn: str, *arguments: str) -> bool:
    """Whether a program of the PostgreSQL package succeeds on the server."""
    where = ["-h", socket_directory(dsn), "-p", str(PORT), "-U", "postgres", "-d", DATABASE]
    return subprocess.run([_find_binaries() / "pginstall" / "bin" / program, "-q", *where, *arguments], check=False).returncode == 0


def run(dsn: str, statement: str) -> bool:
    return client("psql", dsn, "-X", "-c", statement)


def holds(dsn: str, condition: str) -> bool:
    """Whether the SQL condition is true in the database."""
    return run(dsn, f"do $$ begin assert {condition}; end $$")


def answers(dsn: str) -> bool:
    return client("pg_isready", dsn)


def postmaster(directory: Path) -> int:
    return int((directory / "cluster" / "postmaster.pid").read_text().splitlines()[0])


class Tools:
    """The functions above, for test modules."""

    wait_until = staticmethod(wait_until)
    keepers_of = staticmethod(keepers_of)
    processes_of = staticmethod(processes_of)
    socket_directory = staticmethod(socket_directory)
    run = staticmethod(run)
    holds = staticmethod(holds)
    answers = staticmethod(answers)
    postmaster = staticmethod(postmaster)

    @staticmethod
    def nothing_left(directory: Path) -> bool:
        return not keepers_of(directory) and not processes_of(directory / "cluster")


@pytest.fixture(scope="session")
def tools() -> type[Tools]:
    return Tools
