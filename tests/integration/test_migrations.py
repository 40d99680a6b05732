from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db import schema_version
from app.db.models import Base
from cli.migrations.migrate import LOCK_KEY, MigrationError, MigrationOptions, downgrade, status, upgrade
from tests.support.waiting import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[2]
VERSIONS = CHECKOUT / "alembic" / "versions"


def rows(dsn: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    return asyncio.run(fetch())


OBJECTS = """
    select 'relation' as kind, relname::text as name from pg_class where relnamespace = 'public'::regnamespace
    union all select 'constraint', conname from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'type', typname from pg_type where typnamespace = 'public'::regnamespace
    union all select 'function', proname from pg_proc where pronamespace = 'public'::regnamespace
    order by 1, 2
"""


def objects(dsn: str) -> list[tuple[str, str]]:
    return [(row["kind"], row["name"]) for row in rows(dsn, OBJECTS)]


def test_up_down_up_ends_where_it_began(empty_database: str) -> None:
    before = objects(empty_database)
    upgrade(empty_database)
    first = objects(empty_database)
    downgrade(empty_database)
    assert [name for name in objects(empty_database) if "alembic_version" not in name[1]] == before
    upgrade(empty_database)
    assert objects(empty_database) == first
    assert status(empty_database).up_to_date


def test_each_revision_can_be_undone_alone(empty_database: str) -> None:
    upgrade(empty_database)
    for _ in VERSIONS.glob("*.py"):
        downgrade(empty_database, "-1")
        upgrade(empty_database, "+1")
        downgrade(empty_database, "-1")
    assert status(empty_database).current is None


def test_undoing_the_players_leaves_no_reference_to_people_who_go_with_them(empty_database: str) -> None:
    upgrade(empty_database, "2026_11_30_players")
    people = "insert into person (person_id, name, name_key, first_season, last_season, first_run_id) select id, 'A', 'a', 2000, 2000, 1"
    entry = "insert into combine_entry (season, person_id, player_name, pos, run_id) values (2000, 1, 'A', 'QB', 1)"
    players = (
        "insert into player (gsis_id, display_name, position, rookie_season, person_id, selection, run_id)"
        " select id, 'A', 'QB', 2000, id, 'undrafted', 1"
    )
    legs = (
        "insert into trade_leg (trade_id, leg, season, trade_date, gave, received, gave_franchise_id,"
        " received_franchise_id, person_id, run_id) select 1, id, 2000, '2000-01-01', 'A', 'B', 1, 2, id, 1"
    )
    conflicts = (
        "insert into identity_conflict (reason, id_type, value, person_id, other_person_id, run_id)"
        " select 'shared_id', 'pfr', 'A', id, 3 - id, 1"
    )
    rows(empty_database, entry)
    for statement in (people, players, legs, conflicts):
        rows(empty_database, f"{statement} from generate_series(1, 2) id")
    downgrade(empty_database, "-1")
    assert [row["person_id"] for row in rows(empty_database, "select person_id from person")] == [1]
    assert [row["person_id"] for row in rows(empty_database, "select person_id from trade_leg order by leg")] == [1, None]
    assert rows(empty_database, "select from identity_conflict") == []


def test_status_counts_what_is_pending(empty_database: str) -> None:
    empty = status(empty_database)
    assert empty.current is None
    assert empty.pending[-1] == empty.head
    assert not empty.up_to_date
    upgrade(empty_database, empty.pending[0])
    half = status(empty_database)
    assert half.current == empty.pending[0]
    assert half.pending == empty.pending[1:]
    upgrade(empty_database)
    assert status(empty_database).up_to_date


def test_expected_revision_is_the_newest_one(empty_database: str) -> None:
    assert status(empty_database).pending[-1] == schema_version.head()


def test_database_of_newer_code_is_refused(database: str) -> None:
    rows(database, "update alembic_version set version_num = 'from_the_future'")
    found = status(database)
    assert (found.current, found.known, found.up_to_date) == ("from_the_future", False, False)
    with pytest.raises(MigrationError, match="from_the_future"):
        upgrade(database)


def test_unreachable_database_is_one_sentence() -> None:
    with pytest.raises(MigrationError, match="does not respond") as caught:
        status("postgresql://postgres@127.0.0.1:1/nothing")
    assert "\n" not in str(caught.value)


async def read(dsn: str) -> schema_version.SchemaVersion:
    connection = await asyncpg.connect(dsn)
    try:
        return await schema_version.read_version(connection)
    finally:
        await connection.close()


def differences(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(item: object, name: str | None, kind: str, reflected: bool, counterpart: object) -> bool:
        if reflected and kind == "table" and str(name).startswith("pgqueuer"):
            return False  # the job library's
        return kind != "foreign_key_constraint"  # declared by migrations alone; test_references_… holds them

    options = {"compare_type": True, "compare_server_default": True, "include_object": is_ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


async def drift(dsn: str) -> list[object]:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    return found


def test_migrated_database_and_table_definitions_do_not_drift(database: str) -> None:
    assert asyncio.run(drift(database)) == []


@pytest.mark.parametrize(
    "change",
    [
        "alter table draft_pick drop column age",
        "alter table draft_pick alter column age type text",
        "alter table person alter column synthetic set default true",
        "alter table combine_entry alter column pos drop not null",
        "drop index ix_draft_pick_person_id",
        "create table stray (number integer)",
    ],
)
def test_drift_would_be_seen(database: str, change: str) -> None:
    rows(database, change)
    assert asyncio.run(drift(database)) != []


def test_check_constraints_and_sequences_are_the_declared_ones(database: str) -> None:
    from sqlalchemy import CheckConstraint

    declared = {
        constraint.name
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    found = rows(database, "select conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace")
    assert {row["conname"] for row in found} == {f"{name}" for name in declared}
    assert rows(database, "select to_regclass('person_id_seq') is not null as there")[0]["there"]


def migration(name: str) -> object:
    spec = importlib.util.spec_from_file_location(name, VERSIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_references_are_enforced_among_reference_lists_and_declared_for_facts(database: str) -> None:
    module = migration("2026_11_21_initial_schema")
    found = rows(
        database,
        """
        select t.relname as table_name, a.attname as column_name, r.relname as referred, c.conenforced
        from pg_constraint c
        join pg_class t on t.oid = c.conrelid
        join pg_class r on r.oid = c.confrelid
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.connamespace = 'public'::regnamespace
        """,
    )
    enforced = {(row["table_name"], row["column_name"], row["referred"]) for row in found if row["conenforced"]}
    declared = {(row["table_name"], row["column_name"], row["referred"]) for row in found if not row["conenforced"]}
    assert enforced == {reference[:3] for reference in getattr(module, "ENFORCED")}  # noqa: B009
    later = [
        migration(name)
        for name in (
            "2026_11_29_values_and_trades",
            "2026_11_30_players",
            "2026_11_30_prospect_rows",
            "2026_11_30_entry_scores",
            "2026_12_01_group_sums",
        )
    ]
    assert declared == {reference[:3] for each in (module, *later) for reference in getattr(each, "DECLARED")}  # noqa: B009
    # every column that names a row elsewhere has its reference
    names = {"franchise_id": "franchise", "person_id": "person", "college_id": "college", "run_id": "load_run"}
    expected = {
        (table.name, column.name, names[column.name])
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in names and table.name != names[column.name]
    }
    assert expected <= enforced | declared


def test_five_upgraders_at_once_end_as_one_upgrade(empty_database: str) -> None:
    program = "import sys; from cli.migrations.migrate import upgrade; upgrade(sys.argv[1])"
    upgraders = [subprocess.Popen([sys.executable, "-c", program, empty_database], cwd=CHECKOUT) for _ in range(5)]
    assert [upgrader.wait(PATIENCE) for upgrader in upgraders] == [0] * 5
    assert status(empty_database).up_to_date
    assert len(rows(empty_database, "select * from alembic_version")) == 1


def test_upgraders_in_threads_of_one_process(empty_database: str) -> None:
    with ThreadPoolExecutor(3) as executor:
        list(executor.map(lambda _: upgrade(empty_database), range(3)))
    assert status(empty_database).up_to_date


def test_plain_alembic_uses_the_database_of_the_settings(empty_database: str) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_database, "ENVIRONMENT": "test"}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert status(empty_database).up_to_date


def test_waiting_for_another_upgrader_has_a_limit(empty_database: str) -> None:
    async def blocked() -> None:
        holder = await asyncpg.connect(empty_database)
        try:
            assert await holder.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY)
            started = time.monotonic()
            with pytest.raises(MigrationError, match="Another migration"):
                await asyncio.to_thread(upgrade, empty_database, "head", MigrationOptions(wait_seconds=0.3))
            assert time.monotonic() - started >= 0.3
        finally:
            await holder.close()
        await asyncio.to_thread(upgrade, empty_database)

    asyncio.run(blocked())
    assert status(empty_database).up_to_date


def test_migration_does_not_wait_for_ever_for_a_table(database: str) -> None:
    async def blocked() -> None:
        reader = await asyncpg.connect(database)
        try:
            transaction = reader.transaction()
            await transaction.start()
            await reader.execute("lock table draft_pick in access share mode")
            with pytest.raises(MigrationError, match=r"lock timeout[^$]*wait until it has finished"):
                await asyncio.to_thread(downgrade, database, "base", MigrationOptions(lock_timeout_seconds=0.2))
            await transaction.rollback()
        finally:
            await reader.close()

    asyncio.run(blocked())
    assert status(database).up_to_date, "a failed migration leaves everything as it was"


def test_job_queue_works_on_the_migrated_schema(database: str) -> None:
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
    from pgqueuer.queries import Queries

    async def enqueue() -> int:
        connection = await asyncpg.connect(database)
        try:
            queries = Queries(AsyncpgDriver(connection))
            await queries.enqueue("load", b"payload", 0)
            return sum(entry.count for entry in await queries.queue_size())
        finally:
            await connection.close()

    assert asyncio.run(enqueue()) == 1


def test_every_file_is_named_by_its_date_and_revision() -> None:
    for file in VERSIONS.glob("*.py"):
        assert re.fullmatch(r"\d{4}_\d{2}_\d{2}_[a-z0-9_]+", file.stem)
        assert getattr(migration(file.stem), "revision") == file.stem  # noqa: B009
        assert len(file.stem) <= 32, "alembic_version has 32 characters"
