"""How commands reach the database and the services: one short-lived engine, an embedded server if none is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from app.errors import DraftQueenError, InvalidParameter
from cli.filters import NO_ARGUMENTS, called

if TYPE_CHECKING:
    from app.context import ServiceContext
    from cli.migrations.migrate import SchemaStatus

T = TypeVar("T")

_POOL_SIZE = 2
#: A user on the command line waits longer than a browser, and `dq … --all` reads everything.
_STATEMENT_SECONDS = 120.0


@contextmanager
def database() -> Iterator[str]:
    """Yield the DSN of a database whose schema matches this code.

    An embedded server is started if necessary and migrated without confirmation, since it has no other users. A configured one is not
    migrated.

    Raises:
        DraftQueenError: the schema does not match.
    """
    from app.settings import get_settings
    from app.settings.database import configured_dsn
    from cli.migrations.migrate import upgrade

    with configured_dsn() as dsn:
        found = schema_status(dsn)
        if not found.known and not found.fits:
            raise DraftQueenError(
                f"The database has schema {found.current}, which is unknown to this version.",
                "Use the version of dq that created it, or a newer one.",
            )
        if not found.up_to_date:
            if get_settings().database_url is not None:
                raise DraftQueenError(
                    "The database has no tables yet." if found.current is None else f"The database has the older schema {found.current}.",
                    "Run: dq db migrate",
                )
            upgrade(dsn)
        yield dsn


def schema_status(dsn: str) -> SchemaStatus:
    """Return the state of the database's schema.

    Raises:
        DraftQueenError: the database does not respond, or refuses the connection.
    """
    import asyncpg

    from cli.migrations.migrate import MigrationError, status

    try:
        return status(dsn)
    except MigrationError as error:
        if "No space left on device" in str(error.__cause__):  # PostgreSQL has no code of its own for it while a connection is made
            raise DraftQueenError("The database's disk is full.", "Free some space there (docs/operations.md).") from error
        if isinstance(error.__cause__, asyncpg.PostgresError):
            raise DraftQueenError(f"The database refused the connection: {error.__cause__}.", "Check DATABASE_URL.") from error
        raise


def ask(action: Callable[[ServiceContext], Awaitable[T]], arguments: Mapping[str, str] = NO_ARGUMENTS) -> T:
    """Run one reading service call and return its result; a value that means nothing is a usage error that names the option."""
    with database() as dsn:
        try:
            return asyncio.run(_ask(dsn, action))
        except InvalidParameter as error:
            raise click.UsageError(f"{called(error.parameter, arguments)}: {error.message}") from None


async def _ask(dsn: str, action: Callable[[ServiceContext], Awaitable[T]]) -> T:
    from app.context import ServiceContext
    from app.db.engine import create_engine

    engine = create_engine(dsn, max_size=_POOL_SIZE, application_name="draft-queen dq", statement_timeout=_STATEMENT_SECONDS)
    try:
        return await action(ServiceContext(engine))
    finally:
        await engine.dispose()
