"""The state of the database when ``dq serve`` starts, read once, on one connection."""

from dataclasses import dataclass

import asyncpg

from app.datasets import EXPECTED, LEAGUE
from app.db.connect import connect
from app.db.failures import DATABASE_FAILURES
from app.db.schema_version import read_version
from app.errors import DraftQueenError


@dataclass(frozen=True, slots=True)
class State:
    """Whether the schema matches this code, which data sets have no rows, and whether any data are made up or real."""

    migrated: bool
    missing: tuple[str, ...]
    synthetic: bool
    real: bool

    @property
    def empty(self) -> bool:
        """Not everything is there. Real data that take the place of the synthetic league leave the other dataset without rows at first."""
        return bool(self.missing)

    @property
    def wants_data(self) -> bool:
        """Something is missing, or there is only the synthetic league, which real data replaces as soon as it can be had."""
        return self.empty or self.synthetic


async def read_state(dsn: str) -> State:
    """Look at the database.

    Raises:
        DraftQueenError: it does not respond, or refuses the connection.
    """
    try:
        connection = await connect(dsn, timeout=10)
        return await _look(connection)
    except DATABASE_FAILURES as error:
        reason = str(error) or type(error).__name__
        raise DraftQueenError(f"The database does not respond ({reason}).", "Check DATABASE_URL and that its server is running.") from error


async def _look(connection: asyncpg.Connection) -> State:
    try:
        migrated = (await read_version(connection)).fits
        if await connection.fetchval("select to_regclass('dataset')") is None:
            return State(migrated=migrated, missing=EXPECTED, synthetic=False, real=False)
        row = await connection.fetchrow(  # a small league may have no combine results
            "select coalesce(array_agg(dataset::text) filter (where row_count > 0 or synthetic), '{}') as filled,"
            " coalesce(bool_or(synthetic) filter (where dataset = any($1)), false) as synthetic,"
            " coalesce(bool_or(not synthetic and row_count > 0) filter (where dataset = any($1)), false) as real from dataset",
            list(LEAGUE),
        )
    finally:
        await connection.close()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    missing = tuple(name for name in EXPECTED if name not in row["filled"])
    return State(migrated=migrated, missing=missing, synthetic=row["synthetic"], real=row["real"])
