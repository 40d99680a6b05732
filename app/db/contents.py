"""What identifies the rows of a data set: to the API, and in the files that the pipeline writes."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg


def contents_of(rows: Iterable[asyncpg.Record]) -> dict[str, str]:
    """Identify the rows of each data set that has any, from rows of ``dataset``. Versions begin again in another database, times do not."""
    return {str(row["dataset"]): f"{row['version']}:{row['updated_at'].isoformat()}" for row in rows if row["row_count"]}
