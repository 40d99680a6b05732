"""What is in the database when ``dq serve`` starts: asked once, on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from app.db.connect import connect
from app.db.schema_version import read_version
from app.exceptions import DraftQueenError

DATASETS = 2


@dataclass(frozen=True, slots=True)
class State:
    """Whether the schema is this code's, how many datasets were loaded, whether any is made up, and whether any is real."""

    migrated: bool
    datasets: int
    synthetic: bool
    real: bool

    @property
    def empty(self) -> bool:
        """Nothing was ever loaded completely."""
        return self.datasets < DATASETS

    @property
    def wants_data(self) -> bool:
        """Nothing is there, or only the synthetic league, which real data replaces as soon as it can be had."""
        return self.empty or self.synthetic


async def read_state(dsn: str) -> State:
    """Look at the database.

    Raises:
        DraftQueenError: it does not answer, or refuses us.
    """
    try:
        connection = await connect(dsn, timeout=10)
        return await _look(connection)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        raise DraftQueenError(f"The database does not answer ({reason}).", "Check DATABASE_URL and that its server runs.") from error


async def _look(connection: asyncpg.Connection) -> State:
    try:
        migrated = (await read_version(connection)).fits
        if await connection.fetchval("select to_regclass('dataset')") is None:
            return State(migrated=migrated, datasets=0, synthetic=False, real=False)
        row = await connection.fetchrow(
            "select count(*) as datasets, coalesce(bool_or(synthetic), false) as synthetic,"
            " coalesce(bool_or(not synthetic and row_count > 0), false) as real from dataset"
        )
    finally:
        await connection.close()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return State(migrated=migrated, datasets=row["datasets"], synthetic=row["synthetic"], real=row["real"])
