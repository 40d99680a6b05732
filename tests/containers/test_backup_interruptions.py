"""A restore that ends in the middle: what was there comes back, or what is restored; never neither, and never both in one folder."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from tests.containers.backups import verified, wait_for_a_verified_one
from tests.containers.production import PICKS, Production
from tests.containers.stack import run, wait_until
from tests.containers.terminal import lost_terminal

VOLUME = "/var/lib/postgresql"


@pytest.fixture(autouse=True)
def backup(production: Production) -> Iterator[str]:
    """Every test begins with a verified backup, this one, and a table that is not in it, and ends with an API that answers."""
    wait_for_a_verified_one(production)
    # the service makes one of its own after each restore, and only one is made at a time
    wait_until(lambda: production.make("backup", check=False).returncode == 0, 300, "a backup")
    name = verified(production)[0]
    production.sql("drop table if exists since; create table since as select 1 as one")
    yield name
    assert production.ask(PICKS).status == 200


def command(backup: str) -> list[str]:
    """A restore to what the backup itself has."""
    return ["make", "restore", f"NAME={backup}", "YES=1"]


@contextmanager
def restoring(production: Production, backup: str, until: str) -> Iterator[subprocess.Popen[str]]:
    """`make restore` to the backup itself, in a group of its own as in a terminal, that has come so far."""
    child = subprocess.Popen(
        command(backup), cwd=production.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    )
    try:
        assert child.stdout is not None
        read_until(child.stdout, until)
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(60)


def read_until(lines: IO[str], wanted: str) -> None:
    """Pass over what is said before."""
    said = []
    for line in lines:
        said.append(line)
        if wanted in line:
            return
    raise AssertionError(f"it never said {wanted!r}: {''.join(said)}")


def left_restores(production: Production) -> str:
    """Containers in which a restore works, whoever started it."""
    mine = [f"label=com.docker.compose.project={production.project}", "label=com.docker.compose.service=restore"]
    return run(["docker", "ps", "--quiet", *(f"--filter={one}" for one in mine)]).stdout


def is_as_it_was(production: Production) -> bool:
    return production.sql("select to_regclass('since') is not null") == "t"


def folders(production: Production) -> set[str]:
    """What lies beside the database, but for what the last restore kept."""
    return {name for name in production.execute("db", "ls", f"{VOLUME}/18").stdout.split() if not name.startswith("before-restore-")}


def test_an_interrupt_starts_what_was_there(production: Production, backup: str) -> None:
    with restoring(production, backup, "unpacked") as child:
        os.killpg(child.pid, signal.SIGINT)  # the terminal's Ctrl-C, to everybody in it
        said, _ = child.communicate(timeout=120)
    assert child.returncode not in (0, None)
    assert "starting the previous containers again" in said
    assert is_as_it_was(production)
    assert folders(production) == {"docker"}
    assert left_restores(production) == ""


def test_a_lost_terminal_starts_what_was_there(production: Production, backup: str) -> None:
    with lost_terminal(command(backup), production.folder, os.environ, lambda said: "unpacked" in said):
        # whoever was started by the terminal's own process may outlive it
        wait_until(lambda: production.ask("/health/ready").status == 200, 120, "what was there")
    assert is_as_it_was(production)
    assert folders(production) == {"docker"}
    assert left_restores(production) == ""


@pytest.mark.parametrize("moment", ["API, pipeline and database are stopped", "unpacked", "log replayed"])
def test_whoever_kills_it_finds_one_of_the_two_whole(production: Production, backup: str, moment: str) -> None:
    """The container may go on without its operator: the database that is started meanwhile waits for it."""
    with restoring(production, backup, moment) as child:
        os.killpg(child.pid, signal.SIGKILL)
    production.compose("up", "--detach", "--wait", timeout=180)
    assert left_restores(production) == "", "it was waited for"
    assert folders(production) == {"docker"}
    if is_as_it_was(production):
        production.make("restore", "YES=1", timeout=300)  # nothing is in the way of the next one
        assert is_as_it_was(production), "the latest"
    assert production.sql("select count(*) > 0 from draft_pick") == "t"


def test_a_restore_keeps_its_hands_off_a_running_database(production: Production) -> None:
    """Somebody passes over the script that stops it."""
    refused = production.compose("run", "--rm", "--no-TTY", "restore", "apply", "20200101T000000Z", "end", check=False)
    assert refused.returncode != 0
    assert "the database is running: 'make restore' stops it first." in refused.stderr
    assert folders(production) == {"docker"}
