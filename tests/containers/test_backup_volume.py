"""A volume of the backups that gets full: the database goes on, the reason is said, and with room again nothing is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.containers.backups import chain, inside, listed, readiness, verified, wait_for_a_verified_one
from tests.containers.production import Production, ending, production_of
from tests.containers.stack import Stack, wait_until

MEGABYTES = 500


@pytest.fixture(scope="module")
def small(make_stack: Callable[..., Stack]) -> Iterator[Production]:
    """Production whose backups lie in memory, with little room."""
    with ending(production_of(make_stack())) as one:
        one.configure(API_REPLICAS="1", PIPELINE_REPLICAS="1")
        one.run("make", "secrets")
        options = [f"o=size={MEGABYTES}m,uid=999,gid=999,mode=0700", "type=tmpfs", "device=tmpfs"]
        labels = [f"com.docker.compose.project={one.project}", "com.docker.compose.volume=backups"]
        command = ["docker", "volume", "create", *(f"--opt={option}" for option in options), *(f"--label={label}" for label in labels)]
        subprocess.run([*command, f"{one.project}-production-backups"], check=True, capture_output=True)
        one.compose("build", "--quiet", timeout=900)
        one.compose("up", "--detach", "--wait", timeout=180)
        wait_for_a_verified_one(one)
        yield one


def leave(production: Production, megabytes: int) -> None:
    """Fill the volume up to so much."""
    script = "rm -f /backups/filler; free=$(df --output=avail -m /backups | tail -n 1); fallocate -l $((free - $1))M /backups/filler"
    inside(production, script, str(megabytes))


def test_a_round_without_room_says_so_and_the_next_one_succeeds(small: Production) -> None:
    before = verified(small)
    leave(small, 60)
    refused = small.make("backup", check=False)
    assert refused.returncode != 0
    assert "the volume of the backups has less space than a backup and its restore need" in refused.stderr
    assert "enlarge it, or lower BACKUP_KEEP_DAYS" in refused.stderr
    assert "less space" in listed(small)[0].state
    ok, detail = readiness(small)
    assert not ok
    assert "the last one failed: the volume of the backups has less space" in detail
    assert small.execute("backup", "backup", "healthy", check=False).returncode == 1
    inside(small, "rm /backups/filler")
    assert "is verified" in small.make("backup").stdout
    assert set(before) <= set(verified(small))
    assert readiness(small)[0]


def test_a_stream_without_room_goes_on_where_it_stopped(small: Production) -> None:
    before = chain(small)
    leave(small, 8)
    small.sql("create table much as select n, repeat('x', 500) as text from generate_series(1, 100000) n")  # 60 MB of log
    wait_until(lambda: "the volume of the backups is full" in small.logs("backup"), 60, "it is said")
    assert small.execute("backup", "backup", "healthy", check=False).returncode == 1
    assert small.ask("/health/ready").status == 200, "the database goes on"
    small.sql("insert into much select 0, 'written while it was full'")
    inside(small, "rm /backups/filler")
    wait_until(lambda: small.execute("backup", "backup", "healthy", check=False).returncode == 0, 90, "changes are received again")
    assert chain(small) == before, "without a gap"
    said = small.make("backup").stdout
    assert "is verified" in said
    planned = small.compose("run", "--rm", "--no-TTY", "restore", "plan")
    assert "The database will be restored to the latest state received" in planned.stderr, "every segment is there"


def test_a_stream_that_was_away_for_too_long_begins_anew(small: Production) -> None:
    """The database keeps what was not received up to a limit, and then goes on without."""
    before = chain(small)
    small.sql("drop table much")
    small.as_superuser("alter system set max_slot_wal_keep_size = '32MB'")
    small.as_superuser("select pg_reload_conf()")
    leave(small, 8)
    try:
        for _ in range(3):
            small.sql("create table much as select n, repeat('x', 500) as text from generate_series(1, 100000) n; drop table much")
            small.as_superuser("checkpoint")
        # not the state of the slot: the receiver replaces a lost one within seconds
        wait_until(lambda: "removed changes that were not received" in small.logs("backup"), 90, "the database has given the log up")
    finally:
        inside(small, "rm /backups/filler")
        small.as_superuser("alter system reset max_slot_wal_keep_size")
        small.as_superuser("select pg_reload_conf()")
    wait_until(lambda: chain(small) != before, 120, "a new chain")
    assert "a new backup begins a new chain" in small.logs("backup")
    inside(small, 'test "$(cat "$1/ended")" = gap', before)
    current = chain(small).rpartition("/")[2]
    wait_until(lambda: f"chain={current}" in inside(small, f"cat /backups/{verified(small)[0]}/record"), 180, "its first backup, by itself")
