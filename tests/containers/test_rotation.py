"""`make rotate`: secrets get new values while requests are answered, however often it is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.containers.backups import chain
from tests.containers.load import under_load
from tests.containers.production import PICKS, Production
from tests.containers.stack import wait_until

REQUESTS = 10_000
Measured = Callable[[str, str], None]


def forget_connections(production: Production) -> None:
    """Everybody has to come back with a password."""
    production.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()")


def enters(production: Production, password: str, user: str = "draft_queen") -> bool:
    """Whether the database lets somebody in who comes by the network."""
    command = ("docker", "compose", "-f", "compose.prod.yaml", "exec", "--no-TTY", "--env", "PGPASSWORD", "db", "psql", "-h", "db")
    asked = production.run(*command, "-U", user, "-d", "draft_queen", "-c", "select 1", check=False, PGPASSWORD=password)
    return asked.returncode == 0


def redis_enters(production: Production, password: str) -> bool:
    asked = production.execute("redis", "redis-cli", "--no-auth-warning", "--user", "draft_queen", "--pass", password, "get", "x")
    return "WRONGPASS" not in asked.stdout + asked.stderr and "NOAUTH" not in asked.stdout + asked.stderr


def test_the_databases_password_changes_and_no_request_fails(running: Production, measured: Measured) -> None:
    old = running.secrets["database_password"]
    paths = (PICKS, "/api/v1/etl/runs?limit=1")
    with under_load(running, at_least=REQUESTS, paths=paths) as load:
        started = time.monotonic()
        said = running.make("rotate", "SECRET=database")
        seconds = time.monotonic() - started
        forget_connections(running)
    new = running.secrets["database_password"]
    measured(
        "rotation: the database's password: failed of requests (0 of 10000), seconds",
        f"{sum(load.failures.values())} of {load.count}, {seconds:.1f} s",
    )
    assert load.failures == {}
    assert "done: the old password is refused" in said.stdout
    assert new != old
    assert (enters(running, old), enters(running, new)) == (False, True)
    assert not (running.folder / "secrets" / "database_password.next").exists()
    assert running.run("bash", "scripts/secrets.sh", "check").returncode == 0
    assert new not in said.stdout + said.stderr + running.logs("db")
    # the worker and what it starts have it too
    running.execute("pipeline", "dq", "etl", "run", "--sample", "--wait", "300")


def test_rediss_password_changes_and_no_request_fails(running: Production, measured: Measured) -> None:
    old = running.secrets["redis_password"]
    with under_load(running, at_least=REQUESTS, paths=(PICKS, "/health/ready")) as load:
        started = time.monotonic()
        running.make("rotate", "SECRET=redis")
        seconds = time.monotonic() - started
    new = running.secrets["redis_password"]
    measured(
        "rotation: Redis' password: failed of requests (0 of 10000), seconds",
        f"{sum(load.failures.values())} of {load.count}, {seconds:.1f} s",
    )
    assert load.failures == {}
    assert (redis_enters(running, old), redis_enters(running, new)) == (False, True)
    assert running.ask("/health/ready").document["checks"]["cache"]["ok"]
    assert running.run("bash", "scripts/secrets.sh", "check").returncode == 0
    # connections that are made from here on have the new one
    running.compose("restart", "redis")
    wait_until(lambda: running.ask("/health/ready").document["checks"]["cache"]["ok"], 20, "the cache answers")


def test_the_backups_password_changes_and_backups_go_on(running: Production) -> None:
    old = running.secrets["backup_password"]
    before = chain(running)
    said = running.make("rotate", "SECRET=backup")
    new = running.secrets["backup_password"]
    assert "done: the old password is refused" in said.stdout
    assert (enters(running, old, "draft_queen_backup"), enters(running, new, "draft_queen_backup")) == (False, True)
    assert new not in said.stdout + said.stderr + running.logs("db") + running.logs("backup")
    assert "is verified" in running.make("backup").stdout
    assert chain(running) == before, "received without a gap"
    # what comes back after the database was away
    running.compose("restart", "db")
    wait_until(lambda: running.execute("backup", "backup", "healthy", check=False).returncode == 0, 90, "changes are received again")


def begun(child: subprocess.Popen[bytes], coming: Path) -> None:
    """The new password is there, or nothing more comes."""
    wait_until(lambda: coming.exists() or child.poll() is not None, 60, "the new password")


#: When it is killed: so many seconds after the new password is there.
MOMENTS = (0, 0.2, 0.4, 0.8, 1.4)


@pytest.mark.parametrize("secret", ["database", "backup", "redis"])
def test_a_change_that_was_killed_is_finished_by_the_next(running: Production, secret: str) -> None:
    """Killed at several moments, the last one finishes; at none of them is anybody without a password that is good."""
    name = f"{secret}_password"
    interrupted = 0
    with under_load(running, paths=(PICKS, "/api/v1/etl/runs?limit=1")) as load:
        for seconds in MOMENTS:
            child = subprocess.Popen(
                ["bash", "scripts/rotate.sh", secret],
                cwd=running.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(running.home)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            begun(child, running.folder / "secrets" / f"{name}.next")
            time.sleep(seconds)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            forget_connections(running)
            if (running.folder / "secrets" / f"{name}.next").exists():
                interrupted += 1
                refused = running.make("deploy", f"RELEASE={running.project}", check=False)
                assert f"finish it with 'make rotate SECRET={secret}'" in refused.stderr
        said = running.make("rotate", f"SECRET={secret}")
    assert interrupted, "it was never killed in the middle"
    assert "done: the old password is refused" in said.stdout
    assert load.failures == {}, running.lines("api", event="database unavailable")
    value = running.secrets[name]
    assert "\n" not in value
    if secret == "redis":
        assert redis_enters(running, value)
    else:
        assert enters(running, value, {"database": "draft_queen", "backup": "draft_queen_backup"}[secret])
    assert running.ask("/health/ready").status == 200


@pytest.mark.parametrize("secret", ["", "signing"])
def test_another_secret_is_refused_with_those_there_are(running: Production, secret: str) -> None:
    refused = running.make("rotate", f"SECRET={secret}", check=False)
    assert refused.returncode != 0
    assert "where NAME is one of: database backup redis webhook certificate." in refused.stderr


def test_a_database_that_does_not_run_is_said(running: Production) -> None:
    running.compose("stop", "db")
    try:
        refused = running.make("rotate", "SECRET=database", check=False)
        assert "the service db is not running: start it" in refused.stderr
        assert not (running.folder / "secrets" / "database_password.next").exists()
    finally:
        running.compose("up", "--detach", "--wait", timeout=180)
