"""Backups and restores of a running production: what is called verified is, and a restore brings back exactly the right rows."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable

import pytest

from tests.containers.backups import chain, field, flip, inside, listed, numbers, readiness, state_of, verified, wait_for_a_verified_one
from tests.containers.production import PICKS, Production
from tests.containers.stack import wait_until

Measured = Callable[[str, str], None]
ROWS = 1_000_000
#: Rows without an order: their number, and a sum over their contents.
CONTENT = "select count(*) || ' ' || sum(hashtextextended(l::text, 0)::numeric) from ledger l"


@pytest.fixture(autouse=True)
def whole(production: Production) -> None:
    """Every test begins with a verified backup and an API that answers."""
    wait_for_a_verified_one(production)
    assert production.ask(PICKS).status == 200


def back_up(production: Production) -> str:
    """`make backup`; its name."""
    said = production.make("backup").stdout
    found = re.search(r"backup (\S+) is verified: ", said)
    assert found is not None, said
    return found[1]


# --- rounds ----------------------------------------------------------------------------------------------------------------------


def test_a_new_stack_backs_itself_up(production: Production) -> None:
    name = verified(production)[-1]
    assert field(production, name, "target") == f"verify-{name}"
    (row,) = [
        line for line in production.sql("select name, verified_at is not null, problem from database_backups").splitlines() if name in line
    ]
    assert row == f"{name}|t|"


def test_a_round_says_what_it_does(production: Production, measured: Measured) -> None:
    started = time.monotonic()
    said = production.make("backup").stdout
    measured("backup: one round with both restores, the synthetic league: seconds", f"{time.monotonic() - started:.1f}")
    for part in (
        "base taken",
        "dump taken",
        "checksums match",
        "base: every table has",
        "dump: restored, every table has",
        "is verified",
    ):
        assert re.search(rf"^ +\d+\.\d s  .*{part}", said, re.MULTILINE), part
    name = verified(production)[0]
    assert int(field(production, name, "rows")) > 20_000
    assert field(production, name, "revision") == production.sql("select version_num from alembic_version")
    assert inside(production, "ls -A /backups | grep -c '^[.]\\(incoming\\|scratch\\)' || true") == "0"


def test_age_size_and_outcome_are_told(production: Production) -> None:
    found = numbers(production)
    assert 0 < found["dq_backup_verified_age_seconds"] < 3600
    assert found["dq_backup_verified_size_bytes"] > 100_000
    assert found["dq_backup_last_failed"] == 0
    ok, detail = readiness(production)
    assert ok, detail
    assert detail.startswith("the last verified backup is 0.")
    production.sql("update database_backups set started_at = started_at - interval '30 hours'")
    try:
        ok, detail = readiness(production)
        assert not ok
        assert detail.startswith("warning: the last verified backup is 30.")
    finally:
        production.sql("update database_backups set started_at = started_at + interval '30 hours'")


def test_two_rounds_do_not_mix(production: Production) -> None:
    first = subprocess.Popen(["make", "backup"], cwd=production.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until(lambda: inside(production, "find /backups -maxdepth 1 -name '.incoming-*'") != "", 30, "a round")
    refused = production.make("backup", check=False)
    assert refused.returncode != 0
    assert "a backup is already being made" in refused.stderr
    said, _ = first.communicate(timeout=180)
    assert first.returncode == 0, said


def test_writers_are_kept_out_for_milliseconds(production: Production, measured: Measured) -> None:
    production.sql("create table beats (at timestamptz not null)")
    stop = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'beats'"
    loop = "do $$ begin loop insert into beats values (clock_timestamp()); commit; perform pg_sleep(0.002); end loop; end $$"
    command = ["env", "PGAPPNAME=beats", "psql", "-U", "draft_queen", "-d", "draft_queen", "-c", loop]
    writer = threading.Thread(target=lambda: production.execute("db", *command, check=False))
    writer.start()
    try:
        wait_until(lambda: int(production.sql("select count(*) from beats")) > 100, 30, "somebody who writes")
        name = back_up(production)
    finally:
        production.sql(stop)
        writer.join(30)
    pause = float(
        production.sql("select max(extract(epoch from next - at)) from (select at, lead(at) over (order by at) as next from beats) b")
    )
    production.sql("drop table beats")
    measured(
        "backup: tables locked, longest pause of a client that writes: ms", f"{field(production, name, 'locked_ms')}, {pause * 1000:.0f}"
    )
    assert float(field(production, name, "locked_ms")) < 1000
    assert pause < 3


# --- rights ----------------------------------------------------------------------------------------------------------------------

CONNECT = """
import asyncio, asyncpg, sys
user, password, database = sys.argv[1:]
async def ask():
    try:
        connection = await asyncpg.connect(host="db", user=user, password=password, database=database, ssl=False)
        rights = "rolsuper or rolcreaterole or rolcreatedb or rolbypassrls"
        print(await connection.fetchval(f"select {rights} from pg_roles where rolname = current_user"))
    except asyncpg.PostgresError as error:
        print(type(error).__name__)
asyncio.run(ask())
"""


def test_no_role_that_is_reached_from_outside_is_a_superuser(production: Production) -> None:
    passwords = {"draft_queen": production.secrets["database_password"], "draft_queen_backup": production.secrets["backup_password"]}

    def connect(user: str, password: str, database: str = "draft_queen") -> str:
        return production.execute("api", "python", "-c", CONNECT, user, password, database).stdout.strip()

    # The script that made them changes nothing where nothing is wrong.
    production.execute("db", "bash", "-c", "POSTGRES_USER=postgres POSTGRES_DB=draft_queen bash /docker-entrypoint-initdb.d/20-roles.sh")
    for user, password in passwords.items():
        assert connect(user, password) == "False"
        assert connect(user, "draft_queen") == "InvalidPasswordError"
        assert connect(user, password, "postgres") == "InvalidAuthorizationSpecificationError"
    assert connect("postgres", "anything") == "InvalidAuthorizationSpecificationError"
    assert production.sql("select rolreplication from pg_roles where rolname = 'draft_queen'") == "f"
    for statement in (
        "delete from person",
        "create table x (y int)",
        "delete from database_backups",
        "update alembic_version set version_num = 'x'",
    ):
        refused = production.execute("backup", "bash", "-c", f"PGPASSFILE=/tmp/backup/pgpass psql -Xqc {statement!r}", check=False)
        assert "permission denied" in refused.stderr, statement


# --- damage ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("base/base.tar.gz", "the base is damaged"),
        ("dump", "dump"),
    ],
)
def test_one_flipped_byte_is_never_called_verified(production: Production, file: str, sentence: str) -> None:
    name = back_up(production)
    before = {service: production.identities(service) for service in ("db", "api")}
    flip(production, f"/backups/{name}/{file}")
    refused = production.execute("backup", "backup", "verify", name, check=False)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "PROBLEM: " in state_of(production, name)
    assert name not in verified(production)
    refused = production.make("restore", f"NAME={name}", "YES=1", check=False)
    assert (
        f"backup {name} is damaged: its file {file} does not match its checksum. Nothing was changed. The next older intact backup"
        in refused.stderr
    )
    assert {service: production.identities(service) for service in before} == before
    flip(production, f"/backups/{name}/{file}")
    production.execute("backup", "backup", "verify", name)
    assert name in verified(production)


def test_one_flipped_byte_in_the_log_is_never_called_verified(production: Production) -> None:
    name = back_up(production)
    # The name of the place to which the base is brought, at the end of its record in the log.
    high, low = (int(part, 16) for part in field(production, name, "target_lsn").split("/"))
    timeline = field(production, name, "first_segment")[:8]
    path = inside(production, f"ls {chain(production)}/{timeline}{high:08X}{low >> 24:08X}*")
    flip(production, path, low % 2**24 - 60)
    refused = production.execute("backup", "backup", "verify", name, check=False)
    assert refused.returncode == 1
    assert "base and log cannot be restored to the moment of the snapshot" in refused.stderr
    assert name not in verified(production)
    flip(production, path, low % 2**24 - 60)
    production.execute("backup", "backup", "verify", name)
    assert name in verified(production)


# --- what is killed --------------------------------------------------------------------------------------------------------------


def test_a_round_that_is_killed_leaves_nothing_behind(production: Production) -> None:
    before = verified(production)
    child = subprocess.Popen(["make", "backup"], cwd=production.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: inside(production, "find /backups/.scratch -maxdepth 2 -name base", check=False) != "", 60, "a scratch database")
    production.compose("kill", "--signal", "KILL", "backup")
    child.wait(60)
    production.compose("up", "--detach", "--wait", "--no-deps", "backup")
    killed = listed(production)[0]
    assert killed.state == "being verified, or interrupted"
    back_up(production)
    assert set(before[:2]) <= set(verified(production))
    assert inside(production, "ls -A /backups | grep -c '^[.]\\(incoming\\|scratch\\|removing\\)' || true") == "0"
    assert state_of(production, killed.name) == "PROBLEM: its verification was interrupted"


def test_the_stream_survives_the_database(production: Production, measured: Measured) -> None:
    before = chain(production)
    production.execute("db", "bash", "-c", "kill -QUIT 1", check=False)  # at once, as after a crash; it takes the command with it
    started = time.monotonic()
    wait_until(lambda: "the database is unavailable" in production.logs("backup"), 30, "it is noticed")
    wait_until(lambda: production.execute("backup", "backup", "healthy", check=False).returncode == 0, 90, "changes are received again")
    measured("backup: database ended under the stream, received again: seconds", f"{time.monotonic() - started:.1f}")
    wait_until(lambda: production.ask(PICKS).status == 200, 60, "the API")
    assert chain(production) == before, "without a gap"
    back_up(production)


def test_old_ones_go_and_the_log_they_needed(production: Production) -> None:
    for _ in range(3 - len(verified(production))):
        back_up(production)
    oldest = verified(production)[-1]
    inside(production, f"sed -i 's/^started_at=.*/started_at=2020-01-01 00:00:00+00/' /backups/{oldest}/record")
    back_up(production)
    names = verified(production)
    assert oldest not in names
    assert len(names) >= 2
    needed = min(field(production, name, "first_segment") for name in names)
    segments = inside(production, f"ls {chain(production)} | grep -E '^[0-9A-F]{{24}}$' || true").split()
    assert all(segment >= needed for segment in segments)


# --- restores --------------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_restored_is_said_and_nothing_changes(production: Production) -> None:
    before = {service: production.identities(service) for service in ("db", "api", "backup")}
    for arguments, sentence in (
        (["AT=yesterday", "YES=1"], "AT=yesterday is not a valid time: write it like AT='2026-05-01 12:00:00+00'."),
        (["AT=2999-01-01 00:00:00+00", "YES=1"], "is in the future"),
        (["AT=2020-01-01 00:00:00+00", "YES=1"], "is earlier than the first backup"),
        (["NAME=20200101T000000Z", "YES=1"], "backup NAME=20200101T000000Z does not exist"),
        ([], "standard input is not a terminal"),
    ):
        refused = production.make("restore", *arguments, check=False)
        assert refused.returncode != 0
        assert sentence in refused.stderr
    assert {service: production.identities(service) for service in before} == before


def test_to_the_second_before_a_table_was_dropped(production: Production, measured: Measured) -> None:
    production.sql(f"create table ledger as select n as id, md5(n::text) as entry from generate_series(1, {ROWS // 2}) n")
    back_up(production)
    production.sql(f"insert into ledger select n, md5(n::text) from generate_series({ROWS // 2 + 1}, {ROWS}) n")
    expected = production.sql(CONTENT)
    at = production.sql("select date_trunc('second', clock_timestamp()) + interval '1 second'")
    time.sleep(2.2)
    production.sql("drop table ledger")
    production.sql("create table written_later as select 1 as one")
    started = time.monotonic()
    said = production.make("restore", f"AT={at}", "YES=1", timeout=300).stdout
    seconds = time.monotonic() - started
    measured(f"restore to the second before DROP TABLE, {ROWS:,} rows, until everything answers: seconds (at most 60)", f"{seconds:.1f}")
    assert production.sql(CONTENT) == expected
    assert expected.startswith(f"{ROWS} ")
    assert production.sql("select to_regclass('written_later') is null") == "t"
    assert production.ask(PICKS).status == 200
    assert "the restored database is in place" in said
    for line in re.findall(r"^ +\d+\.\d s  .*", said, re.MULTILINE):
        measured("restore: its steps", line.strip())
    assert production.execute("db", "bash", "-c", "ls /var/lib/postgresql/18").stdout.count("before-restore-") == 1
    wait_until(
        lambda: bool(verified(production)) and field(production, verified(production)[0], "chain").endswith("-00000002"),
        120,
        "its own backup",
    )


def test_a_restore_of_a_restored_one_and_to_an_older_timeline(production: Production) -> None:
    """The latest of timeline 2, then a backup of timeline 1: no chain of the log is ever mixed with another."""
    production.sql("create table on_the_second as select 1 as one")
    production.make("restore", "YES=1", timeout=300)
    assert production.sql("select one from on_the_second") == "1", "the latest that was received"
    production.make("forget")
    assert production.execute("db", "ls", "/var/lib/postgresql/18").stdout.split() == ["docker"]
    old = next(name for name in reversed(verified(production)) if field(production, name, "chain").endswith("-00000001"))
    production.make("restore", f"NAME={old}", "YES=1", timeout=300)
    assert production.sql("select to_regclass('on_the_second') is null") == "t"
    assert production.ask(PICKS).status == 200
    wait_for_a_verified_one(production)
    assert inside(production, "basename $(cat /backups/wal/current)").endswith("-00000004"), "a number that no timeline had"
    production.make("restore", f"NAME={verified(production)[0]}", "YES=1", timeout=300)


def test_the_databases_volume_is_lost(production: Production, measured: Measured) -> None:
    production.sql("create table precious as select n as id from generate_series(1, 1000) n")
    wait_until(lambda: field(production, verified(production)[0], "chain") in chain(production), 120, "a backup of the present timeline")
    # Received, but in no base.
    production.sql("insert into precious select n from generate_series(1001, 2000) n")
    time.sleep(1)
    production.compose("rm", "--stop", "--force", "api", "pipeline", "migrate", "db", "backup")
    volume = f"{production.project}-production-database"
    subprocess.run(["docker", "volume", "rm", volume], check=True, capture_output=True)
    assert verified(production), "which is listed without a database, too"
    started = time.monotonic()
    production.make("restore", "YES=1", timeout=300)
    measured("restore after the database's volume was lost, until everything answers: seconds", f"{time.monotonic() - started:.1f}")
    assert production.sql("select count(*) from precious") == "2000"
    assert production.ask(PICKS).status == 200


def test_no_secret_was_said(production: Production) -> None:
    said = "".join(production.logs(service) for service in ("backup", "db", "api", "pipeline", "migrate"))
    assert len(said) > 1000
    assert not [name for name in ("database_password", "backup_password") if production.secrets[name] in said]
    assert production.secrets["backup_password"] not in inside(production, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'")
    assert inside(production, "stat -c %a /tmp/backup/pgpass") == "600"
