"""Apply migrations to a database, and report which ones are pending.

The functions block, and `upgrade` runs an event loop of its own: from a coroutine, call it through `asyncio.to_thread`. Several
processes may call it at once: one migrates, the others wait and find it done.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from app.db.schema_version import SchemaVersion, head, read_version
from app.errors import DraftQueenError
from cli.migrations.compatibility import breaks

if TYPE_CHECKING:
    from alembic.config import Config

#: Advisory lock of migrations: "dq" and "mi" as numbers, so that no other part of the product takes the same one by chance.
LOCK_KEY = 0x6471_6D69

#: What Alembic's table has room for.
LONGEST_REVISION = 32

_alembic = threading.Lock()  # its context is global: one upgrade at a time within a process, the advisory lock does the rest
_SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"


class MigrationError(DraftQueenError):
    """The schema could not be brought to where it was asked to be."""


class MigrationRefused(MigrationError):
    """The running release could not tolerate what the migration does. Nothing was changed."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """Limits in seconds: for the turn among upgraders, for a lock on a table, for one statement."""

    wait_seconds: float = 120.0
    lock_timeout_seconds: float = 10.0
    statement_timeout_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """`current` is None for an empty database; `pending` are the revisions that `upgrade` would run, in order.

    `known` is false when the database was migrated by newer code than this; `fits` then says whether that only added to what this needs.
    """

    current: str | None
    head: str
    pending: tuple[str, ...]
    known: bool = True
    fits: bool = False

    @property
    def up_to_date(self) -> bool:
        """This code is compatible with the database as it is."""
        return self.fits or (self.known and not self.pending)


def revision_id(message: str, versions: Path = _SCRIPTS / "versions") -> str:
    """Return the id, and file name, of a new migration: today's date (UTC) and the message, such as ``2026_11_30_add_trades``.

    Of a longer message it has the first words; the file's docstring has all of it.

    Raises:
        MigrationError: the message has no ASCII letter or digit, or there is such a migration already.
    """
    words = re.findall("[a-z0-9]+", message.lower())
    if not words:
        raise MigrationError(
            f"A migration cannot be named {message!r}: the message has no letter and no digit.",
            'Say what the migration does, for example: make revision MESSAGE="add trades"',
        )
    date = f"{datetime.now(UTC):%Y_%m_%d}"
    room = LONGEST_REVISION - len(date) - 1
    slug = shorten(" ".join(words), room, placeholder="") or words[0][:room]
    name = f"{date}_{slug.replace(' ', '_')}"
    if (versions / f"{name}.py").exists():
        raise MigrationError(
            f"There is already a migration {name}.", "Begin the message with other words, or delete that file if it has not been deployed."
        )
    return name


def _config(dsn: str, options: MigrationOptions | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["dsn"] = dsn
    config.attributes["options"] = options or MigrationOptions()
    return config


@contextmanager
def _explained() -> Iterator[None]:
    import asyncpg
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except CommandError as error:
        raise MigrationError(
            f"The migration stopped: {error}.", "Use the release that last migrated this database, or a newer one."
        ) from error
    except asyncpg.PostgresError as error:
        raise _failed(error) from error
    except DBAPIError as error:
        reason = error.orig.__cause__ or error.orig if error.orig else error
        raise _failed(reason) from error
    except OSError as error:
        raise MigrationError(f"The database does not respond: {error}.", "Check DATABASE_URL and that the server is running.") from error


def _failed(reason: BaseException) -> MigrationError:
    import asyncpg

    in_use = isinstance(reason, asyncpg.LockNotAvailableError)
    advice = "A load, a backup or a long request uses a table: wait until it has finished, then try again." if in_use else None
    return MigrationError(f"The migration failed and was rolled back: {reason}.", advice)


def upgrade(dsn: str, revision: str = "head", options: MigrationOptions | None = None) -> None:
    """Migrate up to `revision`; does nothing when the database is there already. Raises MigrationError."""
    from alembic import command

    config = _config(dsn, options)
    config.attributes["compatible_revisions"] = _left_working(dsn) if revision == "head" else ()
    with _explained(), _alembic:
        command.upgrade(config, revision)


def _left_working(dsn: str) -> tuple[str, ...]:
    """Return the revisions, from the present one on, whose code remains compatible after ``upgrade``."""
    found = status(dsn)
    if found.current is None or not found.pending or _what_breaks(dsn, found.current, found.pending):
        return ()
    return (found.current, *found.pending[:-1])


def require_compatible(dsn: str) -> None:
    """Look at what `upgrade` would run, and run nothing. An empty database has no version that could be hurt.

    Raises:
        MigrationRefused: a statement takes something away from the version that runs; or what would run cannot be known.
    """
    found = status(dsn)
    if found.current is None or not found.pending:
        return
    if reason := _what_breaks(dsn, found.current, found.pending):
        raise MigrationRefused(
            reason,
            'Split it into two releases (docs/deployment.md, "Migrations"), or deploy with FORCE=1: requests may then fail.',
        )


def _what_breaks(dsn: str, current: str, pending: tuple[str, ...]) -> str | None:
    """Return why the running release could not tolerate the pending migrations, or None if it can."""
    try:
        statements = _pending_sql(dsn, current)
    except Exception as error:  # noqa: BLE001 - whatever a migration does that needs a database
        return f"The statements of {', '.join(pending)} cannot be read without running them ({type(error).__name__}: {error})."
    if broken := breaks(statements):
        return f"The running release could not tolerate this migration: {'; '.join(map(str, broken))}."
    return None


def _pending_sql(dsn: str, current: str) -> list[str]:
    """Return the statements from ``current`` to the newest revision, as Alembic writes them without a database."""
    from alembic import command

    class Statements(StringIO):
        """Alembic writes one statement at a time."""

        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []

        def write(self, text: str) -> int:
            self.found.append(text)
            return len(text)

    statements = Statements()
    config = _config(dsn)
    config.output_buffer = statements
    config.attributes["reads_only"] = True
    with _alembic:
        command.upgrade(config, f"{current}:head", sql=True)
    return statements.found


def downgrade(dsn: str, revision: str = "base", options: MigrationOptions | None = None) -> None:
    """Undo migrations down to ``revision``, with the data in what they drop.

    Raises:
        MigrationError: the database is not reachable, or a migration failed.
    """
    from alembic import command

    with _explained(), _alembic:
        command.downgrade(_config(dsn, options), revision)


async def _version(dsn: str) -> SchemaVersion:
    from app.db.connect import connect

    connection = await connect(dsn)
    try:
        return await read_version(connection)
    finally:
        await connection.close()


def status(dsn: str) -> SchemaStatus:
    """Return where the database is and where the code wants it.

    Raises:
        MigrationError: the database does not respond.
        HeadUnknown: the migrations of this code have several heads.
    """
    with _explained():
        version = asyncio.run(_version(dsn))
    current, wanted = version.revision, head(_SCRIPTS / "versions")
    if current == wanted:
        return SchemaStatus(current=current, head=wanted, pending=())
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config(dsn))
    revisions = [script.revision for script in scripts.walk_revisions()]  # newest first
    if current is not None and current not in revisions:
        return SchemaStatus(current=current, head=wanted, pending=(), known=False, fits=version.fits)
    # not simply those above the current one: a branch that was merged may come after it in the list
    applied = set() if current is None else {script.revision for script in scripts.iterate_revisions(current, "base")}
    return SchemaStatus(current=current, head=wanted, pending=tuple(name for name in reversed(revisions) if name not in applied))
