"""Which revision of the schema this code was written for, and which one a database has.

The API needs both for its readiness. The head is read from the migration files themselves, without Alembic (10 MB and 0.13 s of CPU).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import asyncpg

from app.errors import DraftQueenError

#: The migrations of this code; every image has them.
VERSIONS = Path(__file__).resolve().parents[2] / "alembic" / "versions"

#: The comment on `alembic_version` is this and the older revisions whose code is compatible with the schema: a migration that only adds
#: leaves the previous code working, which keeps running during an update, and afterwards if the new release turns out to be bad.
COMPATIBLE_PREFIX = "The code of these revisions can live with this schema as well: "


#: What to do about an older schema, for messages.
HOW_TO_MIGRATE = "run `make migrate` in development, `dq db migrate` in production"


class HeadUnknown(DraftQueenError):
    """The migration files do not end in exactly one revision."""


def head(versions: Path = VERSIONS) -> str:
    """Return the newest revision among the files in ``versions``; they are parsed again only after one of them has changed.

    Raises:
        HeadUnknown: there are several heads, or none, or a file that is not Python.
    """
    # hidden files are an editor's: a lock on a file, for example, is a link to nowhere
    files = (file for file in sorted(versions.glob("*.py")) if not file.name.startswith("."))
    return _read_head(tuple((str(file), file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=8)
def _read_head(files: tuple[tuple[str, int], ...]) -> str:
    revisions: set[str] = set()
    followed: set[str] = set()
    for file, _changed in files:
        names = _names_of(Path(file))
        revisions.update(names.get("revision", ()))
        followed.update(names.get("down_revision", ()))
    heads = sorted(revisions - followed)
    if len(heads) > 1:
        raise HeadUnknown(
            f"alembic/versions has {len(heads)} heads: {', '.join(heads)}. Each follows the same migration, so their order is not defined.",
            "Set down_revision in the one that has not been deployed yet to the other, or join them: make merge-heads",
        )
    if not heads:
        raise HeadUnknown(f"{VERSIONS} has no migrations.", "Restore them from Git: git checkout -- alembic/versions")
    return heads[0]


def _names_of(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the revisions that a migration file assigns to ``revision`` and ``down_revision``."""
    try:
        module = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise HeadUnknown(f"{file}, line {error.lineno}, is not valid Python: {error.msg}.", "Correct the migration.") from error
    found: dict[str, tuple[str, ...]] = {}
    for statement in module.body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision"):
            constants = (node.value for node in ast.walk(statement.value) if isinstance(node, ast.Constant))
            found[target.id] = tuple(value for value in constants if isinstance(value, str))
    return found


def compatible_revisions(comment: str | None) -> frozenset[str]:
    """Return the revisions that the comment on `alembic_version` names; none when it is missing or a different one."""
    return frozenset(comment.removeprefix(COMPATIBLE_PREFIX).split()) if comment and comment.startswith(COMPATIBLE_PREFIX) else frozenset()


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """`revision` is None when no migration has ever run; the code of the older `compatible_revisions` works with the schema, too."""

    revision: str | None
    compatible_revisions: frozenset[str] = frozenset()

    @property
    def fits(self) -> bool:
        """This code is compatible with the schema: written for it, or for one to which later ones have only added.

        Raises:
            HeadUnknown: the migrations of this code have several heads.
        """
        return self.revision == head() or head() in self.compatible_revisions


async def read_version(connection: asyncpg.Connection[asyncpg.Record]) -> SchemaVersion:
    """Read what the database says about its schema."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return SchemaVersion(None)
    row = await connection.fetchrow("select version_num, obj_description('alembic_version'::regclass) as comment from alembic_version")
    if row is None:
        return SchemaVersion(None)
    return SchemaVersion(row["version_num"], compatible_revisions(row["comment"]))
