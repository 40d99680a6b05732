"""Which revision of the schema this code was written for, and which one a database has.

The API asks this at start and for its readiness without loading Alembic; a test keeps HEAD equal to the newest migration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

#: The newest revision in alembic/versions.
HEAD = "2026_11_21_database_backups"

#: The comment on `alembic_version` begins with it and goes on with revisions: a migration that only adds leaves the code before it working,
#: which goes on answering during an update, and afterwards when the new release turns out to be bad.
FITS_TOO = "The code of these revisions can live with this schema as well: "


def fits_too(comment: str | None) -> frozenset[str]:
    """The revisions that the comment on `alembic_version` names; none when it is missing or another one."""
    return frozenset(comment.removeprefix(FITS_TOO).split()) if comment and comment.startswith(FITS_TOO) else frozenset()


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """`revision` is None when no migration has ever run; `fits_too` are older ones whose code can live with the schema as well."""

    revision: str | None
    fits_too: frozenset[str] = frozenset()

    @property
    def fits(self) -> bool:
        """Whether this code can live with the schema: it was written for it, or for one to which later ones have only added."""
        return self.revision == HEAD or HEAD in self.fits_too


async def read_version(
    connection: asyncpg.Connection[asyncpg.Record] | asyncpg.Pool[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
) -> SchemaVersion:
    """What the database says of its schema."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return SchemaVersion(None)
    row = await connection.fetchrow("select version_num, obj_description('alembic_version'::regclass) as comment from alembic_version")
    if row is None:
        return SchemaVersion(None)
    return SchemaVersion(row["version_num"], fits_too(row["comment"]))
