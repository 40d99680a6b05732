"""Runs migrations: one upgrader at a time, and never one that blocks the service for long.

The lock is a session advisory lock on a connection of its own, so that it spans every transaction of the upgrade; a process that waits
finds the work done. Waiting for table locks and single statements is limited, too: a migration that cannot get its lock fails, it does
not queue every reader of that table behind it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from alembic import context
from app.db.connect import connect
from app.db.models import Base
from app.db.schema_version import COMPATIBLE_PREFIX, compatible_revisions
from app.settings.database import configured_dsn
from cli.migrations.migrate import LOCK_KEY, MigrationError, MigrationOptions, revision_id


@asynccontextmanager
async def only_one(dsn: str, options: MigrationOptions) -> AsyncIterator[None]:
    """Hold the lock; give up after ``options.wait_seconds``."""
    connection = await connect(dsn, server_settings={"application_name": "draft-queen migrate lock"})
    try:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + options.wait_seconds
        while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):
            if loop.time() > deadline:
                raise MigrationError(
                    f"Another migration has been running for more than {options.wait_seconds:.0f} seconds.",
                    "Wait for it, or end the session 'draft-queen migrate lock' that holds the advisory lock.",
                )
            await asyncio.sleep(0.1)
        yield
    finally:
        await connection.close()  # the lock goes with the session


def is_ours(_item: SchemaItem, name: str | None, kind: str, reflected: bool, _counterpart: SchemaItem | None) -> bool:
    """Exclude the job library's tables and references, which only migrations declare, from ``alembic check`` and autogenerate."""
    return kind != "foreign_key_constraint" and not (reflected and kind == "table" and str(name).startswith("pgqueuer"))


def name_by_date(_context: MigrationContext, _parents: str | Iterable[str | None], directives: list[MigrationScript]) -> None:
    """Replace the random id of a new revision by its date and its message. One given with --rev-id stays; a mere check has no message."""
    for script in directives:
        if script.message and re.fullmatch("[0-9a-f]{12}", script.rev_id or ""):
            script.rev_id = revision_id(script.message)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_object=is_ours,
        process_revision_directives=name_by_date,
    )
    with context.begin_transaction():
        before = context.get_context().get_current_revision()
        context.run_migrations()
        if context.get_context().get_current_revision() != before:
            note_compatible_revisions(connection, before)


def note_compatible_revisions(connection: Connection, before: str | None) -> None:
    """Record which older code is compatible with the schema now: what was before, and what ``upgrade`` has found to be left working."""
    left_working: tuple[str, ...] = context.config.attributes.get("compatible_revisions", ())
    revisions: set[str] = set()
    if left_working and left_working[0] == before:
        revisions = {*left_working, *compatible_revisions(connection.scalar(text("select obj_description('alembic_version'::regclass)")))}
    said = COMPATIBLE_PREFIX + " ".join(sorted(revisions)) if revisions else ""
    statement = connection.scalar(text("select format('comment on table alembic_version is %L', cast(:said as text))"), {"said": said})
    connection.exec_driver_sql(str(statement))


async def migrate(dsn: str, options: MigrationOptions) -> None:
    limits = {
        "application_name": "draft-queen migrate",
        "lock_timeout": f"{options.lock_timeout_seconds * 1000:.0f}",
        "statement_timeout": f"{options.statement_timeout_seconds * 1000:.0f}",
    }

    async def connection_of_engine() -> asyncpg.Connection:
        return await connect(dsn, server_settings=limits, statement_cache_size=0)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connection_of_engine, poolclass=NullPool)
    async with only_one(dsn, options):
        async with engine.connect() as connection:
            await connection.run_sync(run)
        await engine.dispose()


if context.is_offline_mode() and not context.config.attributes.get("reads_only"):
    raise MigrationError("Migrations need a database to run on.", "Leave --sql away.")
_options = context.config.attributes.get("options", MigrationOptions())
if context.is_offline_mode():  # to know what would be run
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif "dsn" in context.config.attributes:
    asyncio.run(migrate(context.config.attributes["dsn"], _options))
else:
    with configured_dsn() as _dsn:
        asyncio.run(migrate(_dsn, _options))
