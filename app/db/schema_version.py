"""Which revision of the schema this code was written for, and which one a database has.

The API asks this at start and for its readiness without loading Alembic; a test keeps HEAD equal to the newest migration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

#: The newest revision in alembic/versions.
HEAD = "2026_11_21_database_backups"


async def current_revision(
    connection: asyncpg.Connection[asyncpg.Record] | asyncpg.Pool[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
) -> str | None:
    """The revision of the database, or None when no migration has ever run in it."""
    revision: str | None
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return None
    revision = await connection.fetchval("select version_num from alembic_version")
    return revision
