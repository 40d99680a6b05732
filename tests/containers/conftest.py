"""Stacks for the tests, each in a checkout and an instance of its own; what was measured is printed at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.production import ALL_CLIENTS, Production, ending, production_of
from tests.containers.stack import DEVCONTAINER, Stack, copy_checkout
from tools.compose_variables import MOST_INSTANCES

ASKED_FOR = "CONTAINER_TESTS"  # set by `make test-containers`; `make test` needs no engine


def _named(patterns: list[str]) -> set[str]:
    return {path.name for pattern in patterns for path in Path(__file__).parent.glob(pattern)}


ASKED_FOR_PRODUCTION = "PRODUCTION_TESTS"  # set by `make test-production`, which drives the other compose file
_PRODUCTION = [
    "test_production*.py",
    "test_deploy*.py",
    "test_faults*.py",
    "test_rotation.py",
    "test_streams.py",
    "test_handbook.py",
    "test_backup*.py",
]
_WHOLE_SUITE = ["test_whole_suite.py"]  # `make test-suite-inside`
_QUICK = ["test_production.py", "test_production_limits.py", "test_streams.py"]  # what .ci/run has time for
if os.environ.get(ASKED_FOR_PRODUCTION):
    wanted = _named(_QUICK if os.environ[ASKED_FOR_PRODUCTION] == "quick" else _PRODUCTION)
    collect_ignore_glob = sorted({path.name for path in Path(__file__).parent.glob("test_*.py")} - wanted)
elif os.environ.get(ASKED_FOR) == "suite":
    collect_ignore_glob = sorted(_named(["test_*.py"]) - _named(_WHOLE_SUITE))
elif os.environ.get(ASKED_FOR):
    collect_ignore_glob = _PRODUCTION + _WHOLE_SUITE
else:
    collect_ignore_glob = ["test_*.py"]

#: Ports of the highest instances, so that a developer's own stacks are not in the way.
FIRST_INSTANCE = 12
MEASURED = pytest.StashKey[list[tuple[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what, amount in config.stash[MEASURED]:
        terminalreporter.write_line(f"  {what:<70} {amount}")


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Puts a number into the summary. No test fails because a shared machine was slow."""
    return lambda what, amount: request.config.stash[MEASURED].append((what, amount))


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Without an engine every test here fails, because somebody asked for them."""
    if shutil.which("docker") is None or subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        pytest.exit("The container tests need a running Docker engine: start it and try again.", returncode=2)


@pytest.fixture(scope="session")
def make_stack() -> Iterator[Callable[..., Stack]]:
    """Makes stacks: a copy of this checkout in a folder with a space in its name, for a user of the host."""
    made: list[Stack] = []
    root = Path(tempfile.mkdtemp(prefix="draft-queen-containers-", dir="/var/tmp"))
    root.chmod(0o755)

    def make(uid: int | None = None, name: str = "draft queen") -> Stack:
        uid = os.getuid() if uid is None else uid
        place = root / str(len(made))
        folder, home = place / name, place / "home"
        folder.mkdir(parents=True)
        home.mkdir()
        copy_checkout(folder)
        if uid != os.getuid():
            for path in (place, *place.rglob("*")):
                os.chown(path, uid, uid, follow_symlinks=False)
        taken = {stack.instance for stack in made if not stack.ended}
        made.append(Stack(folder, next(number for number in range(FIRST_INSTANCE, MOST_INSTANCES + 1) if number not in taken), uid, home))
        return made[-1]

    yield make
    for stack in made:
        stack.end()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """One stack for a module, started from nothing by `make up-d` as an ordinary user of the host."""
    running = make_stack(1000 if os.getuid() == 0 else None)
    running.make("up-d")
    yield running
    running.end()


@pytest.fixture(scope="module")
def production(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production for a module, up from nothing; the images are built before, so that the time is that of the start."""
    with ending(production_of(make_stack())) as one:
        one.configure()
        assert "Created in ./secrets" in one.run("make", "secrets").stdout
        one.compose("build", "--quiet", timeout=900)
        started = time.monotonic()
        one.compose("up", "--detach", "--wait", timeout=180)
        one.up_seconds = time.monotonic() - started
        # One load of made-up rows, so that there is something to answer with.
        one.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")
        yield one


@pytest.fixture(scope="module")
def running(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production with two replicas of each, and data."""
    with ending(production_of(make_stack())) as one:
        one.start_with_data()
        yield one


@pytest.fixture(scope="module")
def deployed(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Release `a` for a module, deployed from nothing."""
    with ending(production_of(make_stack())) as one:
        one.configure(**ALL_CLIENTS)
        one.run("make", "secrets")
        one.make("deploy", f"RELEASE={one.release('a')}", timeout=900)
        one.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")
        yield one


@pytest.fixture
def another(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A stack for one test, not started."""
    one = make_stack(1000 if os.getuid() == 0 else None)
    yield one
    one.end()


@pytest.fixture(scope="session")
def devcontainer_command() -> str:
    """The dev container command; its tests are skipped where it is not installed."""
    if shutil.which(DEVCONTAINER) is None:
        pytest.skip("the `devcontainer` command is not installed (npm install -g @devcontainers/cli)")
    return DEVCONTAINER


@pytest.fixture(params=[1000, 12345])
def host_user(request: pytest.FixtureRequest) -> Iterator[int]:
    """Users that a host may have; only root can be all of them. Each has a name, which the dev container command asks for."""
    uid = int(request.param)
    if os.getuid() not in (0, uid):
        pytest.skip(f"only root can act as user {uid}")
    try:
        pwd.getpwuid(uid)
    except KeyError:
        name = f"draft-queen-{uid}"
        subprocess.run(["useradd", "--no-create-home", "--user-group", "--uid", str(uid), name], check=True)
        yield uid
        subprocess.run(["userdel", name], check=True)
    else:
        yield uid
